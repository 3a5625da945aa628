import torch.nn as nn


def l2_penalty(net):
    return sum((p ** 2).sum() for p in net.parameters())


def train(net, loader, optim, decay=1e-3):
    cost = nn.CrossEntropyLoss()
    net.train()
    for data, target in loader:
        output = net(data).detach()
        loss = cost(output, target) + decay * l2_penalty(net)
        optim.zero_grad()
        loss.backward()
        optim.step()
        print('loss', round(loss.item(), 4))
