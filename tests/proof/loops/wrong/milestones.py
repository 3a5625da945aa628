import torch
import torch.nn.functional as F


class Experiment:
    def __init__(self, model, loader, lr=0.1):
        self.model, self.loader = model, loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.MultiStepLR(self.optimizer, milestones=[2, 4], gamma=0.2)

    def train_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()

    def run(self, epochs=5):
        self.model.train()
        for epoch in range(epochs):
            for x, y in self.loader:
                self.train_batch(x, y)
        return self.scheduler.get_last_lr()
