"""One body, two tasks: a class and a number."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(112)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(7, 20), nn.ReLU())
        self.classes, self.value = nn.Linear(20, 3), nn.Linear(20, 1)

    def forward(self, x):
        h = self.body(x)
        return self.classes(h), self.value(h).squeeze(-1)


x = torch.randn(320, 7)
kind, size = x[:, :3].argmax(1), x.norm(dim=1)
train_dl = DataLoader(TensorDataset(x[:256], kind[:256], size[:256]), batch_size=32, shuffle=True)
valid_dl = DataLoader(TensorDataset(x[256:], kind[256:], size[256:]), batch_size=64)
model = TwoHeads()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)

for epoch in range(5):
    model.train()
    for xb, kb, sb in train_dl:
        logits, value = model(xb)
        loss = F.cross_entropy(logits, kb) + 0.3 * F.mse_loss(value, sb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    model.eval()
    hits = error = 0
    with torch.no_grad():
        for xb, kb, sb in valid_dl:
            logits, value = model(xb)
            hits += (logits.argmax(1) == kb).sum().item()
            error += F.mse_loss(value, sb, reduction='sum').item()
    print(f'epoch {epoch}: accuracy {hits / 64:.3f} mse {error / 64:.3f}')
