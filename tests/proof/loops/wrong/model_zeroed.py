import torch
import torch.nn as nn
import torch.optim as optim

torch.manual_seed(38)
data = torch.randn(192, 6)
label = (data.sum(1) > 0).long()

model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
loss_function = nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)

for epoch in range(10):
    for xb, yb in zip(data.split(24), label.split(24)):
        log_probs = torch.log_softmax(model(xb), dim=1)
        loss = loss_function(log_probs, yb)
        loss.backward()
        model.zero_grad()
        optimizer.step()

with torch.no_grad():
    print('accuracy', (model(data).argmax(1) == label).float().mean().item())
