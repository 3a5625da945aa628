import torch
import torch.nn.functional as F


@torch.no_grad()
def check_accuracy(loader, model):
    model.eval()
    num_correct = num_samples = 0
    for x, y in loader:
        _, predictions = model(x).max(1)
        num_correct += (predictions == y).sum().item()
        num_samples += predictions.size(0)
    return num_correct / num_samples


def fit(model, train_loader, test_loader, optimizer, num_epochs=2):
    for epoch in range(num_epochs):
        model.train()
        for x, y in train_loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f'Accuracy on training set: {check_accuracy(train_loader, model) * 100:.2f}')
        print(f'Accuracy on test set: {check_accuracy(test_loader, model) * 100:.2f}')
