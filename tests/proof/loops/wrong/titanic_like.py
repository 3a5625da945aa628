"""Survival from six columns, with dropout against overfitting."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(11)
columns = torch.randn(500, 6)
survived = ((columns[:, 0] - 0.5 * columns[:, 3]) > 0).float().unsqueeze(1)
train_ds = TensorDataset(columns[:400], survived[:400])
test_ds = TensorDataset(columns[400:], survived[400:])
train_dl = DataLoader(train_ds, batch_size=64, shuffle=True)
test_dl = DataLoader(test_ds, batch_size=64)

model = nn.Sequential(
    nn.Linear(6, 24),
    nn.ReLU(),
    nn.Dropout(0.5),
    nn.Linear(24, 1),
)
loss_fn = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

for epoch in range(10):
    model.train()
    for x, y in train_dl:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()

model.train()
hits = 0
with torch.no_grad():
    for x, y in test_dl:
        predicted = (torch.sigmoid(model(x)) > 0.5).float()
        hits += (predicted == y).sum().item()
print(f'Test accuracy: {hits / len(test_ds):.3f}')
