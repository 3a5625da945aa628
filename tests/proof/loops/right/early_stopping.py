import copy

import torch


class EarlyStopping:
    def __init__(self, patience=3, delta=0.0):
        self.patience, self.delta = patience, delta
        self.best, self.waited, self.stop, self.weights = None, 0, False, None

    def __call__(self, val_loss, model):
        if self.best is None or val_loss < self.best - self.delta:
            self.best, self.waited = val_loss, 0
            self.weights = copy.deepcopy(model.state_dict())
        else:
            self.waited += 1
            self.stop = self.waited >= self.patience


def train(model, train_loader, valid_loader, criterion, optimizer, n_epochs=4, patience=10):
    early_stopping = EarlyStopping(patience)
    for epoch in range(n_epochs):
        model.train()
        for data, target in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(data), target)
            loss.backward()
            optimizer.step()

        model.eval()
        total, rows = 0.0, 0
        with torch.no_grad():
            for data, target in valid_loader:
                total += criterion(model(data), target).item() * len(target)
                rows += len(target)
        early_stopping(total / rows, model)
        if early_stopping.stop:
            print('Early stopping')
            break
    return model, early_stopping.best
