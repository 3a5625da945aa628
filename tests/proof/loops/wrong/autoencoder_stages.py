"""A small autoencoder whose batches are too large for one pass."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(6)
rows = torch.randn(320, 2) @ torch.randn(2, 10)
loader = DataLoader(TensorDataset(rows), batch_size=64, shuffle=True)

autoencoder = nn.Sequential(nn.Linear(10, 6), nn.GELU(), nn.Linear(6, 2), nn.Linear(2, 10))
optimizer = torch.optim.AdamW(autoencoder.parameters(), lr=3e-3)
micro_size = 16

for epoch in range(12):
    seen, epoch_loss = 0, 0.0
    for (batch,) in loader:
        chunks = len(batch) // micro_size
        for k in range(chunks):
            optimizer.zero_grad()
            micro = batch[k * micro_size:(k + 1) * micro_size]
            loss = nn.functional.mse_loss(autoencoder(micro), micro)
            (loss / chunks).backward()
            epoch_loss += loss.item() * len(micro)
            seen += len(micro)
        optimizer.step()
    if epoch % 4 == 0:
        print(f'[{epoch:02d}] reconstruction {epoch_loss / seen:.5f}')
