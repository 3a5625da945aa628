import torch
from torch import nn


class FineTuner:
    """Fine-tunes a model with a large effective batch."""

    def __init__(self, model, train_dataloader, lr=0.05, grad_accum=3, max_norm=0.05):
        self.model = model
        self.train_dataloader = train_dataloader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        self.loss_fn = nn.CrossEntropyLoss()
        self.grad_accum, self.max_norm = grad_accum, max_norm

    def _backward(self, inputs, labels):
        loss = self.loss_fn(self.model(inputs), labels) / self.grad_accum
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.max_norm)

    def _step(self):
        self.optimizer.step()
        self.optimizer.zero_grad()

    def fit(self, epochs=1):
        self.model.train()
        for _ in range(epochs):
            pending = 0
            for inputs, labels in self.train_dataloader:
                self._backward(inputs, labels)
                pending += 1
                if pending == self.grad_accum:
                    self._step()
                    pending = 0
            if pending:
                self._step()
