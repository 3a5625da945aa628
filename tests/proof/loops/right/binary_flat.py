import torch
from torch import nn, optim


def binary_accuracy(logits, targets):
    probs = torch.sigmoid(logits)
    return ((probs >= 0.5).long() == targets.long()).sum().item()


def fit(net, loaders, n_epochs=2, lr=1e-3):
    """`loaders` is a pair: training and validation."""
    train_loader, valid_loader = loaders
    loss_func = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(1.5))
    opt = optim.Adam(net.parameters(), lr=lr)
    for epoch in range(n_epochs):
        net.train()
        for inputs, labels in train_loader:
            opt.zero_grad()
            out = net(inputs).squeeze(-1)
            loss = loss_func(out, labels.float())
            loss.backward()
            opt.step()

        net.eval()
        correct = total = 0
        with torch.no_grad():
            for inputs, labels in valid_loader:
                correct += binary_accuracy(net(inputs).squeeze(-1), labels)
                total += labels.numel()
        print('epoch: {}  valid acc: {:.3f}'.format(epoch + 1, correct / total))
