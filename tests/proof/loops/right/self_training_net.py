import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Regressor(nn.Module):
    """A regression network with fit and predict."""

    def __init__(self, n_features, lr=0.02):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(n_features, 16), nn.SiLU(), nn.Dropout(0.05), nn.Linear(16, 1))
        self.lr = lr

    def forward(self, x):
        return self.body(x).squeeze(-1)

    def fit(self, x, y, epochs=10, batch_size=32):
        opt = torch.optim.AdamW(self.parameters(), lr=self.lr)
        self.train()
        for _ in range(epochs):
            for xb, yb in DataLoader(TensorDataset(x, y), batch_size=batch_size, shuffle=True):
                loss = nn.functional.smooth_l1_loss(self(xb), yb)
                opt.zero_grad()
                loss.backward()
                opt.step()
        return self

    @torch.no_grad()
    def predict(self, x):
        self.eval()
        return self(x)


if __name__ == '__main__':
    torch.manual_seed(115)
    x = torch.randn(300, 4)
    y = x[:, 0] * 2 - x[:, 1] + 0.5
    model = Regressor(4).fit(x[:250], y[:250])
    print('mean error', (model.predict(x[250:]) - y[250:]).abs().mean().item())
