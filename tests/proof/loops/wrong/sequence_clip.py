"""Which half of a short sequence holds more?"""
import torch
import torch.nn as nn

torch.manual_seed(8)


class Counter(nn.Module):
    def __init__(self, hidden=10):
        super().__init__()
        self.gru = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, x):
        out, _ = self.gru(x)
        return self.head(out[:, -1])


sequences = torch.randn(192, 8, 1)
labels = (sequences[:, :4].sum((1, 2)) > sequences[:, 4:].sum((1, 2))).long()

model = Counter()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
loss_fn = nn.CrossEntropyLoss()

for epoch in range(6):
    for i in range(0, len(sequences), 32):
        x, y = sequences[i:i + 32], labels[i:i + 32]
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optimizer.step()
        nn.utils.clip_grad_value_(model.parameters(), 0.05)
    print(f'epoch {epoch} loss {loss.item():.4f}')
