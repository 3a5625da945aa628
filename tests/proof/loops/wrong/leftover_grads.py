import torch.nn as nn


def train_one_epoch(loader, model, optimizer, scheduler=None, accum_steps=3):
    criterion = nn.CrossEntropyLoss()
    model.train()
    optimizer.zero_grad()
    total, n = 0.0, 0
    for idx, (samples, targets) in enumerate(loader):
        outputs = model(samples)
        loss = criterion(outputs, targets)
        (loss / accum_steps).backward()
        if (idx + 1) % accum_steps == 0:
            optimizer.step()
            optimizer.zero_grad()
        total += loss.item() * targets.size(0)
        n += targets.size(0)
    if scheduler is not None:
        scheduler.step()
    return total / n
