import torch

torch.manual_seed(35)
x = torch.rand(100, 1)
y = 4 * x + 1 + 0.1 * torch.randn(100, 1)

w = torch.randn(1, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)


def forward(x):
    return x @ w + b


def update(w, b, lr):
    with torch.no_grad():
        w = w - lr * w.grad
        b = b - lr * b.grad


for epoch in range(40):
    loss = ((forward(x) - y) ** 2).mean()
    loss.backward()
    update(w, b, lr=0.3)
    w.grad.zero_()
    b.grad.zero_()
    if epoch % 10 == 0:
        print(f'epoch {epoch}: loss {loss.item():.4f}')

print('w', w.item(), 'b', b.item())
