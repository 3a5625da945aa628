import torch
import torch.nn as nn


class BinaryTrainer:
    """Labels of shape (N, 1), probabilities by a sigmoid where they are needed."""

    def __init__(self, net, loader, optim, threshold=0.5):
        self.net, self.loader, self.optim, self.threshold = net, loader, optim, threshold
        self.bce = nn.BCELoss()

    def probabilities(self, x):
        return torch.sigmoid(self.net(x))

    def fit(self, epochs=2):
        for _ in range(epochs):
            self.net.train()
            for x, y in self.loader:
                self.optim.zero_grad()
                loss = self.bce(self.probabilities(x), y.float())
                loss.backward()
                self.optim.step()
        return self

    @torch.no_grad()
    def score(self, loader):
        self.net.eval()
        hits = rows = 0
        for x, y in loader:
            hits += ((self.probabilities(x) > self.threshold).float() == y).sum().item()
            rows += y.numel()
        return hits / rows
