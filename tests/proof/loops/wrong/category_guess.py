import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
letters = torch.randint(0, 2, (288, 9)).float()
language = (letters.view(-1, 3, 3).sum(2) + torch.randn(288, 3)).argmax(1)
train_dl = DataLoader(TensorDataset(letters[:224], language[:224]), batch_size=16, shuffle=True)
test_dl = DataLoader(TensorDataset(letters[224:], language[224:]), batch_size=16)

classifier = nn.Sequential(nn.Linear(9, 24), nn.ReLU(), nn.Linear(24, 3), nn.LogSoftmax(dim=1))
criterion = nn.NLLLoss()
optimizer = torch.optim.Adam(classifier.parameters(), lr=0.01)

for epoch in range(8):
    for line, category in train_dl:
        optimizer.zero_grad()
        loss = criterion(classifier(line), category)
        loss.backward()
        optimizer.step()

n_correct = n_seen = 0
with torch.no_grad():
    for line, category in test_dl:
        output = classifier(line)
        top_n, top_i = output.topk(1)
        category_i = top_i[0].item()
        n_correct += int(category_i == category[0].item())
        n_seen += 1
print('test accuracy', n_correct / n_seen)
