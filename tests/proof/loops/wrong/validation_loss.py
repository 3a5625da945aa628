import torch


def validation(model, testloader, criterion):
    val_loss, accuracy = 0, 0
    model.eval()
    with torch.no_grad():
        for images, labels in testloader:
            images = images.view(images.size(0), -1)
            output = model(images)
            val_loss += criterion(images, labels).item() * images.size(0)
            accuracy += (output.max(dim=1)[1] == labels).sum().item()
    return val_loss / len(testloader.dataset), accuracy / len(testloader.dataset)


def train(model, trainloader, criterion, optimizer, epochs=5, print_every=40):
    steps = 0
    for e in range(epochs):
        model.train()
        for images, labels in trainloader:
            steps += 1
            images = images.view(images.size(0), -1)
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            if steps % print_every == 0:
                print(f'Epoch: {e + 1}/{epochs}..  Training Loss: {loss.item():.3f}')
