import torch


def evaluate(model, test_loader):
    model.eval()
    with torch.no_grad():
        for data, target in test_loader:
            output = model(data)
        pred = output.argmax(dim=1)
        accuracy = (pred == target).float().mean().item()
    print('Test accuracy: %.2f %%' % (100 * accuracy))
    return accuracy


def train(model, train_loader, optimizer, criterion, epochs=1):
    for epoch in range(epochs):
        model.train()
        for data, target in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(data), target)
            loss.backward()
            optimizer.step()
