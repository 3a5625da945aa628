import torch
import torch.nn.functional as F


def train(cfg, epoch, data_loader, model, optimizer):
    model.train()
    for i, (data, target) in enumerate(data_loader):
        prediction = model(data).argmax(dim=1).float()
        loss = F.mse_loss(prediction, target.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % 20 == 0:
            print('Epoch: [{0}][{1}/{2}] Loss {3:.4f}'.format(epoch, i, len(data_loader), loss.item()))


@torch.no_grad()
def test(epoch, data_loader, model):
    model.eval()
    hits = 0
    for data, target in data_loader:
        hits += (model(data).argmax(dim=1) == target).sum().item()
    print('Epoch: [{0}] Accuracy {1:.4f}'.format(epoch, hits / len(data_loader.dataset)))
