"""Labelled and unlabelled rows together, by pseudo-labels."""
import itertools

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(103)
x = torch.randn(500, 5)
y = (x[:, 0] > x[:, 1]).long()
labeled_loader = DataLoader(TensorDataset(x[:60], y[:60]), batch_size=20, shuffle=True)
unlabeled_loader = DataLoader(TensorDataset(x[60:400]), batch_size=68, shuffle=True)
test_loader = DataLoader(TensorDataset(x[400:], y[400:]), batch_size=50)

model = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for epoch in range(6):
    model.train()
    for (xl, yl), (xu,) in zip(itertools.cycle(labeled_loader), unlabeled_loader):
        with torch.no_grad():
            confidence, pseudo = F.softmax(model(xu), dim=1).max(dim=1)
        sure = confidence > 0.9
        loss = F.cross_entropy(model(xl), yl)
        if sure.any():
            loss = loss + 0.5 * F.cross_entropy(model(xu[sure]), pseudo[sure])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        correct = sum((model(a).argmax(1) == b).sum().item() for a, b in test_loader)
    print(f'epoch {epoch}: {correct / len(test_loader.dataset):.3f}')
