import torch


def validate(net, loader):
    """The accuracy of `net` on `loader`."""
    net.eval()
    acc = 0
    with torch.no_grad():
        for batch in loader:
            images, labels = batch
            out = net(images)
            acc += (torch.argmax(out, dim=1) == labels).sum()
    return float(acc)


def train(net, loader, optimizer, criterion, epoch=0):
    """One epoch; the last loss is printed."""
    net.train()
    for images, labels in loader:
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
    print(f'epoch {epoch}: last loss {loss.item():.4f}')
