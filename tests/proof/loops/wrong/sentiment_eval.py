import torch
import torch.nn as nn


class Sentiment:
    def __init__(self, model, train_iter, valid_iter, optimizer):
        self.model = model
        self.train_iter = train_iter
        self.valid_iter = valid_iter
        self.optimizer = optimizer
        self.criterion = nn.CrossEntropyLoss()

    def train(self):
        self.model.train()
        for batch in self.train_iter:
            text, label = batch
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(text), label)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 0.1)
            self.optimizer.step()

    def evaluate(self):
        self.model.eval()
        total_acc, total_count = 0, 0
        for batch in self.valid_iter:
            text, label = batch
            logits = self.model(text)
            total_acc += (logits.argmax(1) == label).sum().item()
            total_count += label.size(0)
        return total_acc / total_count

    def run(self, epochs=2):
        for epoch in range(1, epochs + 1):
            self.train()
            print('-' * 59)
            print('| end of epoch {:3d} | valid accuracy {:8.3f}'.format(epoch, self.evaluate()))
