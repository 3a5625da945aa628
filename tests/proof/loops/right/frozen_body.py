"""Fine-tuning: the body is frozen on purpose, its batch norm too, and only the head is trained."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(106)
body = nn.Sequential(nn.Linear(10, 24), nn.BatchNorm1d(24), nn.ReLU())
head = nn.Linear(24, 3)
for p in body.parameters():
    p.requires_grad = False

X = torch.randn(330, 10)
y = X[:, :3].argmax(1)
train_dl = DataLoader(TensorDataset(X[:250], y[:250]), batch_size=25, shuffle=True)
valid_dl = DataLoader(TensorDataset(X[250:], y[250:]), batch_size=40)

optimizer = torch.optim.SGD(head.parameters(), lr=0.1, momentum=0.9)
criterion = nn.CrossEntropyLoss()

body.eval()
for epoch in range(5):
    head.train()
    for inputs, labels in train_dl:
        with torch.no_grad():
            features = body(inputs)
        loss = criterion(head(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    head.eval()
    right = 0
    with torch.no_grad():
        for inputs, labels in valid_dl:
            right += (head(body(inputs)).argmax(1) == labels).sum().item()
    print(f'epoch {epoch}: {right / len(valid_dl.dataset):.3f}')
