import copy

import torch
import torch.nn.functional as F


class Fitter:
    def __init__(self, net, train_dl, valid_dl, opt, patience=2):
        self.net, self.train_dl, self.valid_dl, self.opt = net, train_dl, valid_dl, opt
        self.patience = patience
        self.best, self.best_state = float('inf'), None

    def valid_loss(self):
        self.net.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in self.valid_dl:
                total += F.cross_entropy(self.net(x), y).item() * x.shape[0]
        return total / len(self.train_dl.dataset)

    def fit(self, epochs=3):
        waited, losses = 0, []
        for epoch in range(epochs):
            self.net.train()
            for x, y in self.train_dl:
                self.opt.zero_grad()
                F.cross_entropy(self.net(x), y).backward()
                self.opt.step()
            losses.append(self.valid_loss())
            if losses[-1] < self.best:
                self.best, self.best_state, waited = losses[-1], copy.deepcopy(self.net.state_dict()), 0
            else:
                waited += 1
            if waited > self.patience:
                break
        return losses
