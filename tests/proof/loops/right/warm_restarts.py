import torch
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts


def run(network, dataloader, criterion, epochs=3):
    optim = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    scheduler = CosineAnnealingWarmRestarts(optim, T_0=2)
    iters = len(dataloader)
    for epoch in range(epochs):
        network.train()
        for i, (inputs, labels) in enumerate(dataloader):
            optim.zero_grad()
            loss = criterion(network(inputs), labels)
            loss.backward()
            optim.step()
            # this schedule takes fractions of epochs
            scheduler.step(epoch + i / iters)
        print('epoch', epoch, 'lr', optim.param_groups[0]['lr'])
