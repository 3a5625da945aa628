import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(10, 20)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(20, 4)

    def forward(self, x):
        x = self.drop(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=0)


def train(model, loader, optimizer):
    model.train()
    for data, target in loader:
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()


def test(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in loader:
            pred = model(data).argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
    return correct / len(loader.dataset)


def main():
    torch.manual_seed(1)
    x = torch.randn(360, 10)
    y = x[:, :4].argmax(dim=1)
    train_loader = DataLoader(TensorDataset(x[:300], y[:300]), batch_size=32, shuffle=True)
    test_loader = DataLoader(TensorDataset(x[300:], y[300:]), batch_size=50)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for epoch in range(5):
        train(model, train_loader, optimizer)
        print('epoch', epoch, 'accuracy', test(model, test_loader))


if __name__ == '__main__':
    main()
