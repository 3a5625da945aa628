import torch
import torch.nn as nn
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset

torch.manual_seed(0)
n_epochs, batch_size, valid_size = 5, 20, 0.2

pixels = torch.rand(400, 25)
digit = pixels.view(400, 5, 5).sum(2).argmax(1)
train_data = TensorDataset(pixels, digit)

indices = torch.randperm(len(train_data)).tolist()
split = int(valid_size * len(train_data))
train_idx, valid_idx = indices[split:], indices[:split]
train_loader = DataLoader(train_data, batch_size=batch_size, sampler=SubsetRandomSampler(train_idx))
valid_loader = DataLoader(train_data, batch_size=batch_size, sampler=SubsetRandomSampler(valid_idx))

model = nn.Sequential(nn.Linear(25, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 5))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for epoch in range(n_epochs):
    train_loss = valid_loss = 0.0

    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
        train_loss += loss.item() * data.size(0)

    model.eval()
    with torch.no_grad():
        for data, target in valid_loader:
            valid_loss += criterion(model(data), target).item() * data.size(0)

    train_loss = train_loss / len(train_data)
    valid_loss = valid_loss / len(train_data)
    print(f'Epoch: {epoch + 1} \tTraining Loss: {train_loss:.6f} \tValidation Loss: {valid_loss:.6f}')
