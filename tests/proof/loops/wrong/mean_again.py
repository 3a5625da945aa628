import torch.nn.functional as F


def train(net, train_iter, updater):
    """One epoch with `updater`, an optimizer."""
    net.train()
    num_correct = num_rows = 0
    for X, y in train_iter:
        y_hat = net(X)
        loss = F.cross_entropy(y_hat, y) / X.shape[0]
        updater.zero_grad()
        loss.backward()
        updater.step()
        num_correct += (y_hat.argmax(1) == y).sum().item()
        num_rows += y.numel()
    return num_correct / num_rows
