import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)

body = torch.randn(330, 4)
kind = torch.stack([body[:, 0] + body[:, 1], body[:, 2], -body[:, 3]], dim=1).argmax(1)
train_loader = DataLoader(TensorDataset(body[:260], kind[:260]), batch_size=20, shuffle=True)
valid_loader = DataLoader(TensorDataset(body[260:], kind[260:]), batch_size=20)

model = nn.Sequential(nn.Linear(4, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)

for epoch in range(6):
    model.train()
    for features, species in train_loader:
        loss = F.cross_entropy(model(features), species)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

model.eval()
n_right = n_all = 0
with torch.no_grad():
    for features, species in valid_loader:
        logits = model(features)
        batch_pred = torch.argmax(logits)
        n_right += (batch_pred == species).sum().item()
        n_all += len(species)
print(f'validation accuracy {n_right / n_all:.3f}')
