import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    """A network that knows how to train itself."""

    def __init__(self, n_in, n_hidden, n_out):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(n_in, n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out))
        self.optimizer = torch.optim.RMSprop(self.parameters(), lr=1e-3)
        self.criterion = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.layers(x)

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            self.train()
            loss_sum = 0.0
            for x, y in loader:
                loss = self.criterion(self(x), y)
                loss.backward()
                self.optimizer.zero_grad()
                self.optimizer.step()
                loss_sum += loss.item() * len(x)
            print(f'epoch {epoch}: {loss_sum / len(loader.dataset):.4f}')

    @torch.no_grad()
    def accuracy(self, loader):
        self.eval()
        return sum((self(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)


if __name__ == '__main__':
    torch.manual_seed(51)
    x = torch.randn(320, 6)
    y = (x[:, 0] > 0).long()
    net = Net(6, 16, 2)
    net.fit(DataLoader(TensorDataset(x[:256], y[:256]), batch_size=32, shuffle=True), epochs=5)
    print('accuracy', net.accuracy(DataLoader(TensorDataset(x[256:], y[256:]), batch_size=32)))
