import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(12)
hours = torch.rand(200, 1) * 10
score = 5 * hours + 20 + 3 * torch.randn(200, 1)
loader = DataLoader(TensorDataset(hours / 10, score / 100), batch_size=25, shuffle=True)

model = nn.Linear(1, 1)
loss_fn = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

history = []
for epoch in range(30):
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss)

print('first', float(history[0]), 'last', float(history[-1]))
