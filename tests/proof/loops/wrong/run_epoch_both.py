import torch
import torch.nn as nn


def run_epoch(model, loader, criterion, optimizer, training):
    if training:
        model.train()
    else:
        model.eval()
    total_loss, total_correct, total = 0.0, 0, 0
    for x, y in loader:
        optimizer.zero_grad()
        scores = model(x)
        loss = criterion(scores, y)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * x.size(0)
        total_correct += (scores.argmax(dim=1) == y).sum().item()
        total += x.size(0)
    return total_loss / total, total_correct / total


def fit(model, train_loader, valid_loader, optimizer, n_epochs=3):
    criterion = nn.CrossEntropyLoss()
    for epoch in range(n_epochs):
        train_loss, train_acc = run_epoch(model, train_loader, criterion, optimizer, True)
        valid_loss, valid_acc = run_epoch(model, valid_loader, criterion, optimizer, False)
        print(f'{epoch:2d}  train {train_loss:.3f} {train_acc:.3f}  valid {valid_loss:.3f} {valid_acc:.3f}')
