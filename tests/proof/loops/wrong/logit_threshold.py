import torch
import torch.nn as nn


def train(model, train_loader, optimizer):
    criterion = nn.BCEWithLogitsLoss()
    model.train()
    for features, labels in train_loader:
        optimizer.zero_grad()
        logits = model(features).squeeze(1)
        loss = criterion(logits, labels.float())
        loss.backward()
        optimizer.step()


def validate(model, valid_loader):
    model.eval()
    correct, n = 0, 0
    with torch.no_grad():
        for features, labels in valid_loader:
            logits = model(features).squeeze(1)
            preds = (logits > 0.5).float()
            correct += (preds == labels).sum().item()
            n += labels.shape[0]
    return correct / n
