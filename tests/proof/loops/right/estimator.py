import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TorchClassifier:
    """An estimator with fit, predict and score."""

    def __init__(self, hidden=16, lr=0.01, epochs=8, batch_size=32, seed=0):
        self.hidden, self.lr, self.epochs, self.batch_size, self.seed = hidden, lr, epochs, batch_size, seed

    def fit(self, X, y):
        torch.manual_seed(self.seed)
        n_classes = int(y.max()) + 1
        self.model_ = nn.Sequential(
            nn.Linear(X.shape[1], self.hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(self.hidden, n_classes))
        optimizer = torch.optim.Adam(self.model_.parameters(), lr=self.lr)
        criterion = nn.CrossEntropyLoss()
        loader = DataLoader(TensorDataset(X, y), batch_size=self.batch_size, shuffle=True)
        self.loss_curve_ = []
        self.model_.train()
        for _ in range(self.epochs):
            total = 0.0
            for xb, yb in loader:
                optimizer.zero_grad()
                loss = criterion(self.model_(xb), yb)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(xb)
            self.loss_curve_.append(total / len(X))
        return self

    @torch.no_grad()
    def predict(self, X):
        self.model_.eval()
        return self.model_(X).argmax(dim=1)

    def score(self, X, y):
        return (self.predict(X) == y).float().mean().item()


if __name__ == '__main__':
    torch.manual_seed(104)
    X = torch.randn(300, 6)
    y = (X[:, 0] > 0).long() + (X[:, 1] > 0.5).long()
    clf = TorchClassifier().fit(X[:220], y[:220])
    print('score', clf.score(X[220:], y[220:]))
