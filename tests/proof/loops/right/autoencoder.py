import torch.nn.functional as F


def train(autoencoder, data_loader, opt, epochs=2, noise=0.0):
    """Inputs are their own targets; labels are not used."""
    autoencoder.train()
    for epoch in range(epochs):
        loss_sum, n = 0.0, 0
        for x, _ in data_loader:
            x = x.view(x.size(0), -1)
            loss = F.mse_loss(autoencoder(x), x)
            opt.zero_grad()
            loss.backward()
            opt.step()
            loss_sum += loss.item() * x.size(0)
            n += x.size(0)
        print(f'{epoch}: {loss_sum / n:.4f}')
