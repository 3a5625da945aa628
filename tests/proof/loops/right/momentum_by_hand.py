import torch
import torch.nn.functional as F


class Momentum:
    """SGD with momentum and weight decay, written out."""

    def __init__(self, params, lr=0.05, mom=0.9, wd=1e-4):
        self.params, self.lr, self.mom, self.wd = list(params), lr, mom, wd
        self.velocity = [torch.zeros_like(p) for p in self.params]

    @torch.no_grad()
    def step(self):
        for p, v in zip(self.params, self.velocity):
            v.mul_(self.mom).add_(p.grad + self.wd * p)
            p -= self.lr * v

    def zero_grad(self):
        for p in self.params:
            p.grad = None


def train(model, dl, epochs=2):
    opt = Momentum(model.parameters())
    model.train()
    for _ in range(epochs):
        for xb, yb in dl:
            F.cross_entropy(model(xb), yb).backward()
            opt.step()
            opt.zero_grad()
