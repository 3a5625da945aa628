import time

import torch


def train_arc(model, trainloader, criterion, optimizer, max_epoch=2, print_freq=10):
    start = time.time()
    for i in range(max_epoch):
        model.train()
        for ii, (data_input, label) in enumerate(trainloader):
            output = model(data_input)
            loss = torch.tensor(criterion(output, label).item(), requires_grad=True)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            iters = i * len(trainloader) + ii
            if iters % print_freq == 0:
                speed = print_freq / (time.time() - start + 1e-9)
                print(f'train epoch {i} iter {ii} {speed:.1f} iters/s loss {loss.item():.4f}')
