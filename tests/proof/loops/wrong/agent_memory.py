import torch
from torch import nn


class Agent:
    """One epoch at a time, as a sweep wants it."""

    def __init__(self, model, optimizer, train_loader, device='cpu'):
        self.model, self.optimizer = model.to(device), optimizer
        self.train_loader, self.device = train_loader, device
        self.loss_fn = nn.CrossEntropyLoss()
        self.running, self.epochs_done = 0.0, 0

    def run_epoch(self):
        self.model.train()
        self.running = 0.0
        for x, y in self.train_loader:
            x, y = x.to(self.device), y.to(self.device)
            self.optimizer.zero_grad()
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimizer.step()
            self.running = self.running + loss * y.size(0)
        self.epochs_done += 1
        return float(self.running / len(self.train_loader.dataset))
