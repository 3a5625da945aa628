import torch
import torch.nn as nn
import torch.optim as optim


def train_model(model, trainloader, testloader, num_epochs=3, lr=0.05):
    criterion = nn.CrossEntropyLoss()
    best_acc = 0.0
    for epoch in range(1, num_epochs + 1):
        optimizer = optim.SGD(model.parameters(), lr=lr, momentum=0.9, weight_decay=5e-4)
        model.train()
        for inputs, targets in trainloader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()

        acc = test(model, testloader)
        if acc > best_acc:
            best_acc = acc
        print(f'| Epoch {epoch}/{num_epochs}  Acc@1: {100 * acc:.2f}%')
    return best_acc


def test(model, testloader):
    model.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for inputs, targets in testloader:
            predicted = model(inputs).argmax(dim=1)
            total += targets.size(0)
            correct += predicted.eq(targets).sum().item()
    return correct / total
