import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(114)
x = torch.rand(260, 3)
y = (x.sum(1) > 1.5).float().unsqueeze(1)
train_dl = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=20, shuffle=True)
valid_dl = DataLoader(TensorDataset(x[200:], y[200:]), batch_size=25)

# no dropout, no batch norm: train() and eval() would change nothing
model = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
loss_func = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(model.parameters(), lr=1.0)

for epoch in range(10):
    for xb, yb in train_dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()
    hits = 0
    for xb, yb in valid_dl:
        hits += ((model(xb) > 0).float() == yb).sum().item()
    print(epoch, hits / len(valid_dl.dataset))
