import torch
import torch.nn as nn
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(18)

samples = torch.randn(360, 7)
classes = (samples[:, 0] > 0).long() + (samples[:, 1] > 0).long()
train_loader = DataLoader(TensorDataset(samples[:260], classes[:260]), batch_size=26, shuffle=True)
valid_loader = DataLoader(TensorDataset(samples[260:], classes[260:]), batch_size=20)

model = nn.Sequential(nn.Linear(7, 30), nn.ReLU(), nn.Linear(30, 3))
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
optimizer = SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)

best = 0.0
for epoch in range(6):
    model.train()
    for tx, ty in train_loader:
        optimizer.zero_grad()
        criterion(model(tx), ty).backward()
        optimizer.step()

    model.eval()
    vx, vy = next(iter(valid_loader))
    with torch.no_grad():
        acc = (model(vx).argmax(1) == vy).float().mean().item()
    best = max(best, acc)
    print(f'epoch {epoch}: validation accuracy {acc:.3f}, best {best:.3f}')
