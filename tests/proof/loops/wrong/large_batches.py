import torch.nn as nn


def train_loop(net, train_dl, optimizer, grad_accum=2, epoch=0):
    loss_func = nn.CrossEntropyLoss()
    net.train()
    tr_loss, rows = 0.0, 0
    for i, (xb, yb) in enumerate(train_dl):
        optimizer.zero_grad()
        out = net(xb)
        loss = loss_func(out, yb)
        tr_loss += loss.item() * len(xb)
        rows += len(xb)
        (loss / grad_accum).backward()
        if (i + 1) % grad_accum == 0 or (i + 1) == len(train_dl):
            optimizer.step()
    print(f'epoch {epoch}: {tr_loss / rows:.4f}')
    return tr_loss / rows
