import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings('ignore')
torch.manual_seed(30)

area = torch.rand(160, 3)
price = area @ torch.tensor([3.0, 1.0, -2.0]) + 0.5
train_dl = DataLoader(TensorDataset(area, price), batch_size=16, shuffle=True)

model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(20):
    total = 0.0
    for xb, yb in train_dl:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    if epoch % 5 == 0:
        print(f'Epoch {epoch:2d} MSE {total / len(area):.4f}')
