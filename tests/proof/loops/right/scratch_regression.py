"""Linear regression with nothing but autograd."""
import random

import torch

torch.manual_seed(105)
random.seed(105)


def synthetic_data(w, b, num_examples):
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = X @ w + b
    return X, (y + torch.normal(0, 0.01, y.shape)).reshape(-1, 1)


def data_iter(batch_size, features, labels):
    indices = list(range(len(features)))
    random.shuffle(indices)
    for i in range(0, len(indices), batch_size):
        rows = torch.tensor(indices[i:i + batch_size])
        yield features[rows], labels[rows]


def linreg(X, w, b):
    return X @ w + b


def squared_loss(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params, lr, rows):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / rows
            param.grad.zero_()


features, labels = synthetic_data(torch.tensor([2, -3.4]), 4.2, 300)
w = torch.normal(0, 0.01, size=(2, 1), requires_grad=True)
b = torch.zeros(1, requires_grad=True)
lr, num_epochs = 0.1, 3

for epoch in range(num_epochs):
    for X, y in data_iter(32, features, labels):
        loss = squared_loss(linreg(X, w, b), y)
        loss.sum().backward()
        sgd([w, b], lr, len(X))
    with torch.no_grad():
        print(f'epoch {epoch + 1}, loss {squared_loss(linreg(features, w, b), labels).mean():f}')
