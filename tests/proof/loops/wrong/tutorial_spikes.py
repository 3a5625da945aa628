import torch
import torch.nn.functional as F


def batch_accuracy(loader, net):
    with torch.no_grad():
        total, acc = 0, 0
        net.eval()
        for data, targets in loader:
            acc += (net(data).argmax(1) == targets).sum().item()
            total += targets.size(0)
    return acc / total


def train_net(net, train_loader, test_loader, optimizer, num_epochs=2):
    test_acc_hist = []
    for epoch in range(num_epochs):
        net.train()
        for data, targets in train_loader:
            loss_val = F.cross_entropy(net(data), targets)
            optimizer.zero_grad()
            loss_val.backward()
            optimizer.step()
        test_acc = batch_accuracy(train_loader, net)
        test_acc_hist.append(test_acc)
        print(f'Epoch {epoch}, test accuracy {test_acc * 100:.2f}%')
    return test_acc_hist
