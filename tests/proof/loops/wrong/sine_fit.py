import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(1)

x = torch.linspace(-3, 3, 300).unsqueeze(1)
y = torch.sin(x) + 0.05 * torch.randn_like(x)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)

net = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
criterion = nn.MSELoss()

for epoch in range(20):
    total = 0.0
    for xb, yb in loader:
        optimizer.step()
        optimizer.zero_grad()
        loss = criterion(net(xb), yb)
        loss.backward()
        total += loss.item() * len(xb)
    if epoch % 5 == 0:
        print(f'epoch {epoch:3d}  mse {total / len(x):.4f}')

with torch.no_grad():
    print('final mse', criterion(net(x), y).item())
