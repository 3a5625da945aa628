import torch


def get_accuracy(model, data_loader):
    correct, total = 0, 0
    model.eval()
    with torch.no_grad():
        for imgs, label in data_loader:
            output = model(imgs)
            pred = output.max(1, keepdim=True)[1]
            correct += pred.eq(label.view_as(pred)).sum().item()
            total += label.shape[0]
            return correct / total


def train(model, train_loader, optimizer, num_epochs=1):
    criterion = torch.nn.CrossEntropyLoss()
    for epoch in range(num_epochs):
        model.train()
        for imgs, label in train_loader:
            loss = criterion(model(imgs), label)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
