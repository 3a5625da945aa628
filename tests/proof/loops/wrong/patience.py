import copy

import torch


def train_with_early_stopping(model, criterion, optimizer, train_loader, val_loader, n_epochs=5, patience=3):
    best_loss, best_weights, waited = float('inf'), copy.deepcopy(model.state_dict()), 0
    history = {'val_loss': []}

    model.train()
    for epoch in range(n_epochs):
        for inputs, targets in train_loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()

        model.eval()
        val_loss, n = 0.0, 0
        with torch.no_grad():
            for inputs, targets in val_loader:
                val_loss += criterion(model(inputs), targets).item() * inputs.shape[0]
                n += inputs.shape[0]
        val_loss /= n
        history['val_loss'].append(val_loss)

        if val_loss < best_loss:
            best_loss, best_weights, waited = val_loss, copy.deepcopy(model.state_dict()), 0
        else:
            waited += 1
            if waited >= patience:
                print(f'Early stopping at epoch {epoch}')
                break
    return history
