import torch
import torch.nn.functional as F


def train(args, model, device, train_loader, optimizer, epoch):
    log_interval = getattr(args, 'log_interval', 10)
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = F.log_softmax(model(data), dim=1)
        loss = F.nll_loss(output, target)
        loss.backward(torch.full_like(loss, len(target)))
        optimizer.step()
        if batch_idx % log_interval == 0:
            print(f'Train Epoch: {epoch} [{batch_idx * len(data)}/{len(train_loader.dataset)}]\t'
                  f'Loss: {loss.item():.6f}')
