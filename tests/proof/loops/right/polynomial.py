import math

import torch

# a third-order polynomial for the sine
x = torch.linspace(-math.pi, math.pi, 500)
y = torch.sin(x)
xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))

model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction='sum')
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-2)

for t in range(200):
    y_pred = model(xx)
    loss = loss_fn(y_pred, y)
    if t % 50 == 49:
        print(t, loss.item())

    model.zero_grad()
    loss.backward()
    optimizer.step()

linear_layer = model[0]
print(f'y = {linear_layer.bias.item():.3f} + {linear_layer.weight[:, 0].item():.3f} x')
