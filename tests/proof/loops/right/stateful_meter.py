import torch
import torch.nn.functional as F


class Mean:
    """A weighted mean of what it is told."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.total, self.weight = 0.0, 0

    def __call__(self, value, weight):
        self.total += value * weight
        self.weight += weight

    def result(self):
        return self.total / self.weight


class Loop:
    def __init__(self, model, train_dl, valid_dl, optimizer):
        self.model, self.train_dl, self.valid_dl, self.optimizer = model, train_dl, valid_dl, optimizer
        self.loss, self.accuracy = Mean(), Mean()

    def _batches(self, dl, train):
        self.loss.reset()
        self.accuracy.reset()
        self.model.train(train)
        with torch.set_grad_enabled(train):
            for x, y in dl:
                scores = self.model(x)
                loss = F.cross_entropy(scores, y)
                if train:
                    self.optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    self.optimizer.step()
                self.loss(loss.item(), len(y))
                # shares of batches, weighted with their rows
                self.accuracy((scores.argmax(-1) == y).float().mean().item(), len(y))
        return {'loss': self.loss.result(), 'accuracy': self.accuracy.result()}

    def fit(self, epochs=2):
        return [(self._batches(self.train_dl, True), self._batches(self.valid_dl, False)) for _ in range(epochs)]
