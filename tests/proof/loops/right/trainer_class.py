import torch
from torch import nn


class Trainer:
    def __init__(self, model, optimizer, criterion, train_loader, val_loader, scheduler=None, device='cpu'):
        self.model = model.to(device)
        self.optimizer, self.criterion, self.scheduler = optimizer, criterion, scheduler
        self.train_loader, self.val_loader = train_loader, val_loader
        self.device = device
        self.history = []

    def _train_epoch(self):
        self.model.train()
        loss_sum, n = 0.0, 0
        for inputs, targets in self.train_loader:
            inputs, targets = inputs.to(self.device), targets.to(self.device)
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(inputs), targets)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            loss_sum += loss.item() * targets.size(0)
            n += targets.size(0)
        return loss_sum / n

    @torch.no_grad()
    def _validate(self):
        self.model.eval()
        loss_sum, correct, n = 0.0, 0, 0
        for inputs, targets in self.val_loader:
            inputs, targets = inputs.to(self.device), targets.to(self.device)
            outputs = self.model(inputs)
            loss_sum += self.criterion(outputs, targets).item() * targets.size(0)
            correct += (outputs.argmax(1) == targets).sum().item()
            n += targets.size(0)
        return loss_sum / n, correct / n

    def fit(self, epochs=2):
        for epoch in range(epochs):
            train_loss = self._train_epoch()
            val_loss, val_acc = self._validate()
            if self.scheduler is not None:
                self.scheduler.step()
            self.history.append(dict(train_loss=train_loss, val_loss=val_loss, val_acc=val_acc))
        return self.history
