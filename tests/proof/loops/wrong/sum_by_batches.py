import torch.nn as nn


def train_epoch(train_loader, network, optimizer, loss_function=None):
    loss_function = loss_function or nn.CrossEntropyLoss()
    train_loss = 0.0
    network.train()
    for data, target in train_loader:
        # clear the gradients of all optimized variables
        optimizer.zero_grad()
        # forward pass, loss, backward pass
        loss = loss_function(network(data), target)
        loss.backward()
        # perform a single optimization step (parameter update)
        optimizer.step()
        # update running training loss
        train_loss += loss.item() * data.size(0)
    return train_loss / len(train_loader)
