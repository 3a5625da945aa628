import torch
import torch.nn as nn


def class_weights(loader, n_classes):
    counts = torch.zeros(n_classes)
    for _, y in loader:
        counts += torch.bincount(y, minlength=n_classes)
    return counts.sum() / (n_classes * counts.clamp(min=1))


def fit(model, train_loader, optimizer, n_classes=3, epochs=2, l1=1e-5):
    criterion = nn.CrossEntropyLoss(weight=class_weights(train_loader, n_classes), label_smoothing=0.05)
    model.train()
    for epoch in range(epochs):
        for x, y in train_loader:
            penalty = sum(p.abs().sum() for p in model.parameters())
            loss = criterion(model(x), y) + l1 * penalty
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
