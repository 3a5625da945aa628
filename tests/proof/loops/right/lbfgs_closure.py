import torch
from torch import nn

torch.manual_seed(107)
t = torch.linspace(0, 1, 60).unsqueeze(1)
signal = torch.exp(-2 * t) + 0.01 * torch.randn_like(t)

model = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1))
criterion = nn.MSELoss()
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)

for i in range(8):
    def closure():
        optimizer.zero_grad()
        loss = criterion(model(t), signal)
        loss.backward()
        return loss

    loss = optimizer.step(closure)
    print('STEP', i, 'loss', loss.item())
