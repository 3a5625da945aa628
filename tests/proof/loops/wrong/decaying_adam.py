import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(42)
points = torch.randn(400, 2)
ring = (points.norm(dim=1) > 1.2).long()
train_set, valid_set = random_split(TensorDataset(points, ring), [320, 80])
train_dl = DataLoader(train_set, batch_size=48, shuffle=True)
valid_dl = DataLoader(valid_set, batch_size=96)

model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
epochs, initial_lr = 12, 0.01

for epoch in range(epochs):
    lr = initial_lr * 0.9 ** epoch
    for xb, yb in train_dl:
        opt = torch.optim.Adam(model.parameters(), lr=lr)
        loss = F.cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()

    correct = 0
    with torch.no_grad():
        for xb, yb in valid_dl:
            correct += (model(xb).argmax(dim=1) == yb).sum().item()
    print(f'epoch {epoch + 1} | lr {lr:.4f} | accuracy {correct / len(valid_set):.3f}')
