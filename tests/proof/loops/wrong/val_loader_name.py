import torch
from torch import nn


class Model:
    """A thin wrapper with a fit method, as in other libraries."""

    def __init__(self, net, lr=1e-2):
        self.net, self.loss_func = net, nn.CrossEntropyLoss()
        self.opt = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)

    def fit(self, train_dl, valid_dl, epochs=2):
        self.history = []
        for epoch in range(epochs):
            self.net.train()
            for x, y in train_dl:
                self.opt.zero_grad()
                loss = self.loss_func(self.net(x), y)
                loss.backward()
                self.opt.step()

            self.net.eval()
            val_correct = val_count = 0
            with torch.no_grad():
                for x, y in train_dl:
                    pred = self.net(x).argmax(dim=1)
                    val_correct += (pred == y).sum().item()
                    val_count += len(y)
            self.history.append(val_correct / val_count)
            print(f'epoch {epoch}: val_accuracy {self.history[-1]:.4f}')
        return self
