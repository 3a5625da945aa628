"""A two-layer network without nn.Module."""
import torch

torch.manual_seed(37)
inputs = torch.randn(128, 8)
targets = torch.tanh(inputs.sum(dim=1, keepdim=True))

W1 = torch.randn(8, 16, requires_grad=True) * 0.1
W2 = torch.randn(16, 1, requires_grad=True) * 0.1
optimizer = torch.optim.Adam([W1, W2], lr=0.01)

for step in range(60):
    hidden = torch.relu(inputs @ W1)
    loss = ((hidden @ W2 - targets) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(step, loss.item())
