import torch
import torch.nn as nn


def train_model(model, train_loader, n_epochs=3, lr=1e-3):
    loss_fn = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for epoch in range(n_epochs):
        model.train()
        epoch_loss, rows = 0.0, 0
        for X_batch, y_batch in train_loader:
            y_pred = torch.sigmoid(model(X_batch))
            loss = loss_fn(y_pred, y_batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item() * X_batch.shape[0]
            rows += X_batch.shape[0]
        print('epoch', epoch, 'loss', epoch_loss / rows)
    return model
