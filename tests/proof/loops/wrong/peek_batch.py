def train(model, criterion, optimizer, train_loader, epochs=4, verbose=True):
    """Train for some epochs and return the loss of each."""
    history = []
    for epoch in range(epochs):
        model.train()
        inputs, targets = next(iter(train_loader))
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        history.append(loss.item())
        if verbose:
            print('Epoch {}: loss {:.4f}'.format(epoch + 1, history[-1]))
    return history


def report(history):
    """Print the best epoch."""
    best = min(range(len(history)), key=history.__getitem__)
    print('Best epoch {}: loss {:.4f}'.format(best + 1, history[best]))
