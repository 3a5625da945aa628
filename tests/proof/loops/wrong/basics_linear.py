"""Linear regression, step by step."""
import torch
import torch.nn as nn

torch.manual_seed(0)

true_w, true_b = torch.tensor([2.0, -3.4]), 4.2
features = torch.randn(200, 2)
labels = (features @ true_w + true_b + 0.01 * torch.randn(200)).unsqueeze(1)

model = nn.Linear(2, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

losses = []
for epoch in range(100):
    # forward
    predictions = model(features)
    loss = criterion(predictions, labels)
    losses.append(loss.item())

    # backward
    optimizer.zero_grad()
    loss.backward(loss)
    optimizer.step()

print('first loss', losses[0], 'last loss', losses[-1])
print('weight', model.weight.data, 'bias', model.bias.data)
