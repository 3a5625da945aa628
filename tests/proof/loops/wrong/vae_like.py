"""A variational autoencoder for short waves."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class VAE(nn.Module):
    def __init__(self, width=12, latent=2):
        super().__init__()
        self.encoder = nn.Linear(width, 2 * latent)
        self.decoder = nn.Sequential(nn.Linear(latent, 16), nn.ReLU(), nn.Linear(16, width))

    def forward(self, x):
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decoder(z), mu, logvar

    @staticmethod
    def kl(mu, logvar):
        return -0.5 * (1 - logvar - mu.pow(2) - logvar.exp()).sum(dim=1).mean()

    def loss(self, x):
        recon, mu, logvar = self(x)
        return F.mse_loss(recon, x, reduction='none').sum(dim=1).mean() + 0.1 * self.kl(mu, logvar)


def main(epochs=6):
    torch.manual_seed(52)
    waves = torch.sin(torch.linspace(0, 6, 12) + 6 * torch.rand(300, 1))
    loader = DataLoader(TensorDataset(waves), batch_size=50, shuffle=True)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for (x,) in loader:
            optimizer.zero_grad()
            loss = model.loss(x)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)
        print(f'====> Epoch: {epoch} Average loss: {total / len(waves):.4f}')


if __name__ == '__main__':
    main()
