"""Two networks, two optimizers: a generator of points on a circle."""
import torch
import torch.nn as nn

torch.manual_seed(102)
latent, batch = 4, 40
angle = torch.rand(400) * 6.2832
circle = torch.stack([angle.cos(), angle.sin()], dim=1)

netG = nn.Sequential(nn.Linear(latent, 16), nn.ReLU(), nn.Linear(16, 2))
netD = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
optimizerD = torch.optim.Adam(netD.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=2e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()

for epoch in range(4):
    for real in circle[torch.randperm(len(circle))].split(batch):
        # (1) update D
        netD.zero_grad()
        label = torch.ones(len(real), 1)
        errD_real = criterion(netD(real), label)
        errD_real.backward()
        fake = netG(torch.randn(len(real), latent))
        errD_fake = criterion(netD(fake.detach()), torch.zeros(len(real), 1))
        errD_fake.backward()
        optimizerD.step()

        # (2) update G, for which fakes are real
        netG.zero_grad()
        errG = criterion(netD(fake), label)
        errG.backward()
        optimizerG.step()
    print(f'[{epoch}] Loss_D: {(errD_real + errD_fake).item():.4f} Loss_G: {errG.item():.4f}')
