import torch.nn.functional as F


def train_epoch(model, optimizer, scheduler, train_loader, device):
    model.train()
    total_loss = 0
    for inputs, targets in train_loader:
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        total_loss += loss * len(targets)
    if scheduler is not None:
        scheduler.step()
    return total_loss / len(train_loader.dataset)
