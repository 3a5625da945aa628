"""A configurable multilayer perceptron on three noisy blobs."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class MLP(nn.Module):
    def __init__(self, sizes, num_classes):
        super().__init__()
        self.hidden = [nn.Linear(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        self.out = nn.Linear(sizes[-1], num_classes)

    def forward(self, x):
        for layer in self.hidden:
            x = F.relu(layer(x))
        return self.out(x)


def make_blobs(n):
    centers = torch.tensor([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    labels = torch.randint(0, 3, (n,))
    return centers[labels] + 0.8 * torch.randn(n, 2), labels


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(TensorDataset(*make_blobs(300)), batch_size=32, shuffle=True)
    test_loader = DataLoader(TensorDataset(*make_blobs(100)), batch_size=64)
    model = MLP([2, 16, 16], 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)

    for epoch in range(5):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()

    model.eval()
    with torch.no_grad():
        correct = sum((model(x).argmax(1) == y).sum().item() for x, y in test_loader)
    print('accuracy', correct / len(test_loader.dataset))


if __name__ == '__main__':
    main()
