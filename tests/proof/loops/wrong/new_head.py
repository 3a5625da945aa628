import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)


class Backbone(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.BatchNorm1d(16))
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        return self.fc(self.body(x))


X = torch.randn(240, 8)
y = (X[:, :3]).argmax(dim=1)
train_loader = DataLoader(TensorDataset(X[:200], y[:200]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(X[200:], y[200:]), batch_size=32)

backbone = Backbone()
optimizer = torch.optim.SGD(backbone.parameters(), lr=0.05, momentum=0.9)

# our task has three classes
backbone.fc = nn.Linear(16, 3)
criterion = nn.CrossEntropyLoss()

for epoch in range(8):
    backbone.train()
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(backbone(inputs), labels)
        loss.backward()
        optimizer.step()

    backbone.eval()
    correct = 0
    with torch.no_grad():
        for inputs, labels in test_loader:
            correct += (backbone(inputs).argmax(1) == labels).sum().item()
    print(f'Epoch {epoch}: accuracy {correct / len(test_loader.dataset):.3f}')
