import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(109)


class SequenceClassifier(nn.Module):
    def __init__(self, hidden=12):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.fc = nn.Linear(hidden, 2)

    def forward(self, x):
        _, (h, _) = self.lstm(x)
        return self.fc(self.dropout(h[-1]))


x = torch.randn(240, 10, 1).cumsum(dim=1)
y = (x[:, -1, 0] > 0).long()
train_loader = DataLoader(TensorDataset(x[:192], y[:192]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(x[192:], y[192:]), batch_size=48)

model = SequenceClassifier()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(3):
    model.train()
    train_loss = 0.0
    for seq, label in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(seq), label)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
        train_loss += loss.item() * seq.size(0)

    model.eval()
    correct = 0
    with torch.no_grad():
        for seq, label in test_loader:
            correct += (model(seq).argmax(1) == label).sum().item()
    print(f'{epoch}: loss {train_loss / 192:.4f} accuracy {correct / 48:.3f}')
