import torch.nn.functional as F


def train_full_batch(model, loader, optimizer, epochs=3):
    """Gradient descent proper: one step an epoch, with the gradient of all rows, batch by batch."""
    rows = len(loader.dataset)
    model.train()
    for epoch in range(epochs):
        optimizer.zero_grad()
        total = 0.0
        for xb, yb in loader:
            loss = F.cross_entropy(model(xb), yb, reduction='sum') / rows
            loss.backward()
            total += loss.item()
        optimizer.step()
        print(f'epoch {epoch + 1}: loss {total:.4f}')
