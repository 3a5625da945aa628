import torch
from torch import nn, optim
from torch.optim import lr_scheduler


def train_model(model, dataloader, num_epochs=3):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    # decay LR by a factor of 0.1 every 7 epochs
    scheduler = lr_scheduler.StepLR(optimizer, step_size=7, gamma=0.1)

    for epoch in range(num_epochs):
        model.train()
        running_loss, running_corrects, seen = 0.0, 0, 0
        for inputs, labels in dataloader:
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            scheduler.step()
            running_loss += loss.item() * inputs.size(0)
            running_corrects += torch.sum(outputs.argmax(1) == labels).item()
            seen += inputs.size(0)
        print('{}/{} Loss: {:.4f} Acc: {:.4f}'.format(
            epoch + 1, num_epochs, running_loss / seen, running_corrects / seen))
    return model
