import torch


@torch.no_grad()
def evaluate(net, data_iter, loss_func, device=None):
    """Loss and accuracy of `net` on all rows of `data_iter`."""
    if device is None:
        device = next(iter(net.parameters())).device
    correct, count, total_loss = 0, 0, 0.0
    for X, y in data_iter:
        X, y = X.to(device), y.to(device)
        y_hat = net(X)
        total_loss += float(loss_func(y_hat, y)) * y.numel()
        correct += int((y_hat.argmax(axis=1) == y).sum())
        count += y.numel()
    return total_loss / count, correct / count
