import argparse

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset, random_split


def parse_args():
    parser = argparse.ArgumentParser(description='A small classifier')
    parser.add_argument('--epochs', type=int, default=4)
    parser.add_argument('--batch-size', type=int, default=32)
    parser.add_argument('--lr', type=float, default=1.0)
    parser.add_argument('--gamma', type=float, default=0.7)
    return parser.parse_known_args()[0]


def get_loaders(batch_size):
    x = torch.randn(450, 12)
    y = torch.stack([x[:, :4].sum(1), x[:, 4:8].sum(1), x[:, 8:].sum(1)], 1).argmax(1)
    train_set, val_set = random_split(TensorDataset(x, y), [360, 90])
    return DataLoader(train_set, batch_size, shuffle=True), DataLoader(val_set, batch_size)


def train(model, loader, criterion, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)


def main():
    args = parse_args()
    torch.manual_seed(108)
    train_loader, val_loader = get_loaders(args.batch_size)
    model = nn.Sequential(nn.Linear(12, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))
    optimizer = optim.Adadelta(model.parameters(), lr=args.lr)
    scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=args.gamma)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(1, args.epochs + 1):
        train(model, train_loader, criterion, optimizer)
        print(f'epoch {epoch}: {validate(model, val_loader):.3f}')
        scheduler.step()


if __name__ == '__main__':
    main()
