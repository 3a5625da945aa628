import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

BATCH_SIZE = 60
torch.manual_seed(19)

X = torch.rand(200, 4)
y = (X ** 2).sum(dim=1, keepdim=True)
dataloader = DataLoader(TensorDataset(X, y), batch_size=BATCH_SIZE, shuffle=True)

regressor = nn.Sequential(nn.Linear(4, 12), nn.ELU(), nn.Linear(12, 1))
optimizer = torch.optim.RMSprop(regressor.parameters(), lr=1e-3)
criterion = nn.MSELoss()

for epoch in range(10):
    epoch_loss = 0.0
    for xb, yb in dataloader:
        optimizer.zero_grad()
        loss = criterion(regressor(xb), yb)
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * BATCH_SIZE
    print(f'epoch {epoch}: mse {epoch_loss / len(X):.5f}')
