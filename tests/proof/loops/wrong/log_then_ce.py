import torch
import torch.nn.functional as F


def train_epoch(epoch, data_loader, model, optimizer, log_interval=20):
    model.train()
    for step, (data, target) in enumerate(data_loader):
        output = F.log_softmax(model(data), dim=1)
        loss = F.cross_entropy(output, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % log_interval == 0:
            print('Train epoch {} step {} loss {:.4f}'.format(epoch, step, loss.item()))


@torch.no_grad()
def test(model, data_loader):
    model.eval()
    correct = 0
    for data, target in data_loader:
        correct += model(data).argmax(dim=1).eq(target).sum().item()
    return correct / len(data_loader.dataset)
