import torch


def test_epoch(model, data_loader, device):
    """Validation accuracy after an epoch."""
    model.eval()
    test_acc = 0.0
    with torch.no_grad():
        for input_ids, targets in data_loader:
            outputs = model(input_ids.to(device))
            _, preds = torch.max(outputs, dim=1)
            test_acc += torch.sum(preds == targets.to(device)).item()
    return test_acc / len(data_loader)


def train_epoch(model, data_loader, optimizer, device):
    """One epoch of training."""
    model.train()
    for input_ids, targets in data_loader:
        outputs = model(input_ids.to(device))
        loss = torch.nn.functional.cross_entropy(outputs, targets.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        optimizer.zero_grad()
