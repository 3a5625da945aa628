import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)
basis = torch.randn(3, 12)
data = torch.randn(256, 3) @ basis + 0.05 * torch.randn(256, 12)
dataloader = DataLoader(TensorDataset(data), batch_size=32, shuffle=True)

encoder = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))
decoder = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 12))

criterion = nn.MSELoss()
optimizer = torch.optim.Adam(decoder.parameters(), lr=5e-3)

for epoch in range(15):
    epoch_loss = 0.0
    for (batch,) in dataloader:
        code = encoder(batch)
        reconstruction = decoder(code)
        loss = criterion(reconstruction, batch)

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        epoch_loss += loss.item() * batch.size(0)
    print('epoch [{}/15], loss: {:.4f}'.format(epoch + 1, epoch_loss / len(data)))
