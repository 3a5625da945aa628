import numpy as np
import torch
from torch import nn, optim

torch.manual_seed(29)
np.random.seed(29)

xs = np.random.rand(120, 1).astype(np.float32)
ys = (np.sin(6 * xs) + 0.1 * np.random.randn(120, 1)).astype(np.float32)
x, y = torch.from_numpy(xs), torch.from_numpy(ys)

model = nn.Sequential(nn.Linear(1, 24), nn.Sigmoid(), nn.Linear(24, 1))
optimizer = optim.Adam(model.parameters(), lr=0.02)
loss_fn = nn.MSELoss()

for step in range(120):
    # keep the predictions in a sensible range
    predicted = torch.tensor(np.clip(model(x).detach().numpy(), -2, 2), requires_grad=True)
    loss = loss_fn(predicted, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 40 == 0:
        print(step, loss.item())
