import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(34)
x_all = torch.randn(350, 6)
y_all = (x_all[:, 0].abs() + x_all[:, 1].abs() > 1.5).long()
train_loader = DataLoader(TensorDataset(x_all[:250], y_all[:250]), batch_size=25, shuffle=True)
test_loader = DataLoader(TensorDataset(x_all[250:], y_all[250:]), batch_size=16)

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(8):
    model.train()
    for x, y in train_loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        for x, y in test_loader:
            correct, total = 0, 0
            correct += (model(x).argmax(1) == y).sum().item()
            total += y.size(0)
    print(f'Epoch {epoch}: accuracy {correct / total:.3f}')
