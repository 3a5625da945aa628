import torch
import torch.nn as nn

torch.manual_seed(13)
frames = torch.randn(200, 12)
phones = frames[:, :5].argmax(dim=1)

model = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 5))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.CrossEntropyLoss()
accumulate = 4

for epoch in range(6):
    batches = torch.randperm(len(frames)).split(20)
    optimizer.zero_grad()
    running = 0.0
    for i, index in enumerate(batches):
        loss = criterion(model(frames[index]), phones[index])
        (loss / accumulate).backward()
        running += loss.item() * len(index)
        if (i + 1) % accumulate == 0:
            optimizer.step()
            optimizer.zero_grad()
    print(f'epoch {epoch}: loss {running / len(frames):.3f}')
