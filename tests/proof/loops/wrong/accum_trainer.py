import torch
from torch import nn


class AccumTrainer:
    def __init__(self, model, train_loader, optimizer, accumulate_every=3):
        self.model, self.loader, self.optimizer = model, train_loader, optimizer
        self.accumulate_every = accumulate_every
        self.loss_fn = nn.CrossEntropyLoss()
        self.device = next(model.parameters()).device

    def train(self):
        self.model.train()
        self.optimizer.zero_grad()
        for i, (inputs, labels) in enumerate(self.loader):
            outputs = self.model(inputs.to(self.device))
            labels = labels.to(self.device)
            self.loss_fn(outputs, labels).backward()
            last = i + 1 == len(self.loader)
            if last or (i + 1) % self.accumulate_every == 0:
                self.optimizer.step()
                self.optimizer.zero_grad()

    @torch.no_grad()
    def accuracy(self, loader):
        self.model.eval()
        right = sum((self.model(x).argmax(1) == y).sum().item() for x, y in loader)
        return right / len(loader.dataset)
