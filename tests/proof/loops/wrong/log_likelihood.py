import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


def dataset(n):
    x = torch.randn(n, 5)
    return TensorDataset(x, (x[:, 0] > x[:, 1]).long())


def train(model, loader, epochs):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for epoch in range(epochs):
        model.train()
        for data, target in loader:
            log_probs = torch.log_softmax(model(data), dim=1)
            loss = log_probs[torch.arange(len(target)), target].mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f'epoch {epoch} loss {loss.item():.4f}')


if __name__ == '__main__':
    torch.manual_seed(31)
    train_loader = DataLoader(dataset(240), batch_size=24, shuffle=True)
    network = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, 2))
    train(network, train_loader, epochs=3)
