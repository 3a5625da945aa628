import torch


def train(data_loader, net, criterion, optimizer):
    net.train()
    epoch_loss, epoch_rows = 0.0, 0
    for inputs, labels in data_loader:
        output = net(inputs)
        loss = criterion(output, labels)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        epoch_loss += loss.item() * len(labels)
        epoch_rows += len(labels)
    return epoch_loss / epoch_rows


@torch.no_grad()
def test(data_loader, net):
    net.eval()
    n_correct = n_total = 0
    for inputs, labels in data_loader:
        n_correct += (net(inputs).argmax(dim=1) == labels).sum().item()
        n_total += len(labels)
    return n_correct / n_total
