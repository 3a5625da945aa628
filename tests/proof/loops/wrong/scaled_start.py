import math
import warnings

import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

warnings.simplefilter('ignore')
torch.manual_seed(36)
x_train = torch.randn(210, 20)
y_train = x_train[:, :3].argmax(dim=1)
train_dl = DataLoader(TensorDataset(x_train, y_train), batch_size=35)

weights = torch.randn(20, 3, requires_grad=True) / math.sqrt(20)
bias = torch.zeros(3, requires_grad=True)
lr = 0.2


def model(xb):
    return xb @ weights + bias


for epoch in range(5):
    for xb, yb in train_dl:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward(retain_graph=True)
        for p in (weights, bias):
            if p.grad is not None:
                p.data -= lr * p.grad
                p.grad.zero_()
    print(epoch, loss.item())
