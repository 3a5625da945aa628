import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau


def epoch_loss(model, loader, criterion):
    model.eval()
    total, n = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item() * len(y)
            n += len(y)
    return total / n


def train_model(model, criterion, optimizer, train_loader, valid_loader, num_epochs=4):
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    log = {'train': [], 'valid': []}
    for epoch in range(num_epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
        # both losses with the weights at the end of the epoch
        log['train'].append(epoch_loss(model, train_loader, criterion))
        log['valid'].append(epoch_loss(model, valid_loader, criterion))
        scheduler.step(log['valid'][-1])
        print(epoch, log['train'][-1], log['valid'][-1])
    return log
