import torch
import torch.nn.functional as F


class Solver:
    """Encapsulates what it takes to train a classifier."""

    def __init__(self, model, train_loader, lr=1e-2, num_epochs=2):
        self.model, self.data = model, train_loader
        self.lr, self.num_epochs = lr, num_epochs
        self.loss_history = []

    def _step(self, x, y):
        loss = F.cross_entropy(self.model(x), y)
        self.loss_history.append(loss.item())
        optimizer = torch.optim.Adam(self.model.parameters(), lr=self.lr)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    def train(self):
        self.model.train()
        for epoch in range(self.num_epochs):
            for x, y in self.data:
                self._step(x, y)
            print('(Epoch %d / %d) loss: %f' % (epoch + 1, self.num_epochs, self.loss_history[-1]))
