import torch
import torch.nn as nn
from tqdm import tqdm


class Engine:
    def __init__(self, model, optimizer, train_dataloader, val_loader):
        self.model, self.optimizer = model, optimizer
        self.train_dataloader, self.val_loader = train_dataloader, val_loader
        self.loss_fct = nn.CrossEntropyLoss()
        self.scores = []

    def fit(self, epochs=2):
        for epoch in range(epochs):
            self.model.train()
            for batch in tqdm(self.train_dataloader, desc=f'epoch {epoch}'):
                logits = self.model(batch['x'])
                loss = self.loss_fct(logits, batch['y'])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.scores.append(self.evaluate())
        return self.scores

    @torch.no_grad()
    def evaluate(self):
        correct, n = 0, 0
        for batch in tqdm(self.val_loader, leave=False):
            logits = self.model(batch['x'])
            correct += (logits.argmax(-1) == batch['y']).sum().item()
            n += batch['y'].shape[0]
        return correct / n
