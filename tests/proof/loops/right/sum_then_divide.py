import torch.nn as nn


def train_epoch(model, loader, optimizer, max_norm=None):
    criterion = nn.CrossEntropyLoss(reduction='sum')
    model.train()
    total = 0.0
    for inputs, targets in loader:
        loss = criterion(model(inputs), targets)
        optimizer.zero_grad()
        (loss / len(inputs)).backward()
        if max_norm:
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()
        total += loss.item()
    return total / len(loader.dataset)
