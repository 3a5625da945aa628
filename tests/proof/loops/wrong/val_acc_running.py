import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(32)
signal = torch.randn(305, 12)
kind = signal[:, :4].abs().argmax(dim=1)
train_loader = DataLoader(TensorDataset(signal[:240], kind[:240]), batch_size=30, shuffle=True)
test_loader = DataLoader(TensorDataset(signal[240:], kind[240:]), batch_size=30)

model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.Dropout(0.1), nn.Linear(48, 4))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

for epoch in range(6):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(data), target)
        loss.backward()
        optimizer.step()

    model.eval()
    test_acc = 0.0
    with torch.no_grad():
        for data, target in test_loader:
            test_acc += (model(data).argmax(dim=1) == target).float().mean().item()
        test_acc /= len(test_loader)
    print(f'Epoch {epoch + 1}: test accuracy {test_acc:.4f}')
