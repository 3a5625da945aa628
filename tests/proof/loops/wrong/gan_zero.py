"""A tiny GAN that learns a normal distribution."""
import torch
import torch.nn as nn

torch.manual_seed(39)
generator = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
discriminator = nn.Sequential(nn.Linear(1, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
g_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.999))
d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()
real_data = 3 + 0.5 * torch.randn(320, 1)

for epoch in range(5):
    for real in real_data.split(32):
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)

        # discriminator
        fake = generator(torch.randn(len(real), 2))
        d_loss = criterion(discriminator(real), ones) + criterion(discriminator(fake.detach()), zeros)
        d_loss.backward()
        d_optimizer.step()

        # generator
        g_optimizer.zero_grad()
        g_loss = criterion(discriminator(fake), ones)
        g_loss.backward()
        g_optimizer.step()
    print(f'epoch {epoch}: d {d_loss.item():.3f} g {g_loss.item():.3f}')
