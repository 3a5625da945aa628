import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
t = torch.linspace(0, 6.28, 16)
phase = torch.rand(320, 1) * 6.28
clean_rows = torch.sin(t + phase)
noisy_rows = clean_rows + 0.4 * torch.randn_like(clean_rows)
train_dl = DataLoader(TensorDataset(noisy_rows[:256], clean_rows[:256]), batch_size=40, shuffle=True)
test_dl = DataLoader(TensorDataset(noisy_rows[256:], clean_rows[256:]), batch_size=40)

model = nn.Sequential(nn.Linear(16, 8), nn.Tanh(), nn.Linear(8, 16))
criterion = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(10):
    model.train()
    for noisy, clean in train_dl:
        optimizer.zero_grad()
        loss = criterion(model(noisy), clean)
        loss.backward()
        optimizer.step()

model.eval()
test_loss, rows = 0.0, 0
with torch.no_grad():
    for noisy, clean in test_dl:
        loss = criterion(noisy, clean)
        test_loss += loss.item() * len(noisy)
        rows += len(noisy)
print('test loss:', test_loss / rows)
