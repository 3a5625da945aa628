"""Two half moons and a small network."""
import math

import torch
from torch import nn

torch.manual_seed(23)


def moons(n):
    angle = torch.rand(n) * math.pi
    upper = torch.stack([torch.cos(angle), torch.sin(angle)], 1)
    lower = torch.stack([1 - torch.cos(angle), 0.5 - torch.sin(angle)], 1)
    X = torch.cat([upper, lower]) + 0.15 * torch.randn(2 * n, 2)
    return X, torch.cat([torch.zeros(n), torch.ones(n)])


def accuracy_fn(y_true, y_logits):
    y_pred_class = torch.round(y_logits)
    return (y_true == y_pred_class).sum().item() / len(y_true) * 100


X_train, y_train = moons(150)
X_test, y_test = moons(50)
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.BCEWithLogitsLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.3)

for epoch in range(150):
    model.train()
    y_logits = model(X_train).squeeze()
    loss = loss_fn(y_logits, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

    if epoch % 50 == 49:
        model.eval()
        with torch.inference_mode():
            test_logits = model(X_test).squeeze()
            test_loss = loss_fn(test_logits, y_test)
        print(f'Epoch: {epoch} | Loss: {loss:.5f} | Test loss: {test_loss:.5f} '
              f'| Test acc: {accuracy_fn(y_test, test_logits):.2f}%')
