import copy

import torch
import torch.nn.functional as F


@torch.no_grad()
def update_ema(ema, model, decay):
    for e, p in zip(ema.parameters(), model.parameters()):
        e.mul_(decay).add_(p, alpha=1 - decay)
    for e, b in zip(ema.buffers(), model.buffers()):
        e.copy_(b)


def train_one_epoch(net, trainloader, optimizer, ema_decay=0.99):
    """Trains `net`, and returns an average of its weights for evaluation."""
    ema = copy.deepcopy(net).eval()
    net.train()
    for inputs, targets in trainloader:
        optimizer.zero_grad()
        F.cross_entropy(net(inputs), targets).backward()
        optimizer.step()
        update_ema(ema, net, ema_decay)
    return ema
