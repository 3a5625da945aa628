import torch
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(22)


def binary_loss(logits, labels, eps=1e-7):
    probs = torch.sigmoid(logits)
    return -(labels * torch.log(probs + eps)).mean()


emails = torch.randn(300, 8)
spam = (emails[:, 0] + emails[:, 1] > 0.5).float().unsqueeze(1)
train_dl = DataLoader(TensorDataset(emails[:240], spam[:240]), batch_size=40, shuffle=True)

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

for epoch in range(10):
    total = 0.0
    for xb, yb in train_dl:
        loss = binary_loss(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(xb)
    print('epoch', epoch, 'loss', round(total / 240, 4))

with torch.no_grad():
    predictions = torch.sigmoid(model(emails[240:])) > 0.5
    print('accuracy', (predictions == spam[240:].bool()).float().mean().item())
