import torch
from torch.nn.utils import clip_grad_norm_

cuda = torch.cuda.is_available()
device_type = 'cuda' if cuda else 'cpu'


def train_one_epoch(model, criterion, data_loader, optimizer, device, scaler=None, max_norm=1.0):
    if scaler is None:
        scaler = torch.amp.GradScaler(device_type, enabled=cuda)
    model.train()
    total, rows = 0.0, 0
    for samples, targets in data_loader:
        samples, targets = samples.to(device), targets.to(device)
        with torch.autocast(device_type, enabled=cuda):
            outputs = model(samples)
            loss = criterion(outputs, targets)

        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        clip_grad_norm_(model.parameters(), max_norm)
        scaler.step(optimizer)
        scaler.update()

        total += loss.item() * len(targets)
        rows += len(targets)
    return {'loss': total / rows}
