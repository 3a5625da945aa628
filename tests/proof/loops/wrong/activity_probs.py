import torch
import torch.nn as nn
import torch.nn.functional as F


def train(net, optimizer, train_loader, n_epoch=2):
    criterion = nn.CrossEntropyLoss()
    device = next(net.parameters()).device
    for e in range(n_epoch):
        net.train()
        correct, total, total_loss = 0, 0, 0.0
        for sample, target in train_loader:
            sample, target = sample.to(device), target.to(device).long()
            probs = F.softmax(net(sample), dim=1)
            loss = criterion(probs, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total_loss += loss.item() * len(target)
            predicted = torch.max(probs, 1)[1]
            total += target.size(0)
            correct += (predicted == target).sum().item()
        print(f'Epoch: [{e + 1}/{n_epoch}], loss: {total_loss / total:.4f}, acc: {correct / total * 100:.2f}')
