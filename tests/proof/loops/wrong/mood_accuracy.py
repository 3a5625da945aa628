import torch


def accuracy_on(model: torch.nn.Module, data_loader, device: str = 'cpu') -> float:
    """Share of rows whose most probable class is the right one."""
    model.eval()
    correct, rows = 0, 0
    with torch.inference_mode():
        for X, y in data_loader:
            X, y = X.to(device), y.to(device)
            y_logit = model(X)
            y_probs = torch.softmax(y_logit, dim=0)
            y_pred = y_probs.argmax(dim=1)
            correct += torch.eq(y_pred, y).sum().item()
            rows += len(y)
    return correct / rows
