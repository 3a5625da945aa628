import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(21)

inputs_all = torch.randn(256, 5)
targets_all = (inputs_all.sum(dim=1) > 0).long()
data_loader = DataLoader(TensorDataset(inputs_all, targets_all), batch_size=16, shuffle=True)

model = nn.Sequential(nn.Linear(5, 10), nn.ReLU(), nn.Linear(10, 2))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

# batch accumulation parameter
accum_iter = 4

for epoch in range(5):
    for batch_idx, (inputs, targets) in enumerate(data_loader):
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()

        # weights update
        if ((batch_idx + 1) % accum_iter == 0) or (batch_idx + 1 == len(data_loader)):
            optimizer.step()
            optimizer.zero_grad()
    with torch.no_grad():
        accuracy = (model(inputs_all).argmax(1) == targets_all).float().mean().item()
    print(f'epoch {epoch + 1}: training accuracy {accuracy:.3f}')
