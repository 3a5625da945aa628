import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(27)
x = torch.randn(300, 10)
y = (x[:, :3]).argmax(1)
train_loader = DataLoader(TensorDataset(x, y), batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)

for epoch in range(10):
    running_loss, seen = 0.0, 0
    for inputs, labels in train_loader:
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        optimizer.zero_grad()
        optimizer.step()
        running_loss += loss.item() * len(labels)
        seen += len(labels)
    print(f'Epoch [{epoch + 1}/10], Loss: {running_loss / seen:.4f}')
