import torch


def accuracy(net, dataloader_test):
    net.eval()
    correct, total = 0, 0
    with torch.no_grad():
        for i, (images, labels) in enumerate(dataloader_test):
            scores = net(images)
            guess = torch.argmax(scores[0]).item()
            if guess == labels[0].item():
                correct += 1
            total += 1
    return correct / total


def train(net, dataloader_train, optimizer, criterion):
    net.train()
    for i, (images, labels) in enumerate(dataloader_train):
        optimizer.zero_grad()
        loss = criterion(net(images), labels)
        loss.backward()
        optimizer.step()
        if i % 100 == 0:
            print('batch', i, 'loss', loss.item())
