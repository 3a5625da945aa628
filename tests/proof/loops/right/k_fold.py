"""Each fold has a model and an optimizer of its own."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Subset, TensorDataset

torch.manual_seed(110)
x = torch.randn(300, 6)
y = (x[:, 0] - x[:, 1] > 0).long()
dataset = TensorDataset(x, y)
folds = torch.randperm(len(dataset)).chunk(3)
scores = []

for k, held_out in enumerate(folds):
    rest = torch.cat([f for i, f in enumerate(folds) if i != k])
    train_dl = DataLoader(Subset(dataset, rest.tolist()), batch_size=32, shuffle=True)
    valid_dl = DataLoader(Subset(dataset, held_out.tolist()), batch_size=32)

    model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(4):
        model.train()
        for xb, yb in train_dl:
            optimizer.zero_grad()
            criterion(model(xb), yb).backward()
            optimizer.step()

    model.eval()
    with torch.no_grad():
        right = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in valid_dl)
    scores.append(right / len(held_out))
    print(f'fold {k}: {scores[-1]:.3f}')
print(f'mean {sum(scores) / len(scores):.3f}')
