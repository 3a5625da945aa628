import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

torch.manual_seed(33)
acidity = torch.randn(480, 11)
quality = torch.bucketize(acidity @ torch.randn(11), torch.tensor([-1.5, 1.5]))
train_set, test_set = random_split(TensorDataset(acidity, quality), [380, 100])
train_loader = DataLoader(train_set, batch_size=38, shuffle=True)
test_loader = DataLoader(test_set, batch_size=25)

model = nn.Sequential(nn.Linear(11, 40), nn.ReLU(), nn.Dropout(0.1), nn.Linear(40, 3))
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)

for epoch in range(5):
    model.train()
    for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()

    model.eval()
    accuracy = 0.0
    with torch.no_grad():
        for xb, yb in test_loader:
            accuracy += (model(xb).argmax(-1) == yb).float().mean().item()
    print(f'epoch {epoch}: test accuracy {accuracy / len(test_set):.3f}')
