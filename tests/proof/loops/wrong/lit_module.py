import torch
import torch.nn.functional as F


class LitClassifier(torch.nn.Module):
    """The parts of a training loop that differ from task to task."""

    def __init__(self, net, lr=0.05):
        super().__init__()
        self.net, self.lr = net, lr

    def forward(self, x):
        return torch.softmax(self.net(x), dim=-1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return F.cross_entropy(self(x), y)

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr, momentum=0.9)


class Runner:
    """The part that is the same for all."""

    def __init__(self, net, train_loader):
        self.module, self.train_loader = LitClassifier(net), train_loader

    def fit(self, max_epochs=2):
        optimizer = self.module.configure_optimizers()
        for epoch in range(max_epochs):
            self.module.train()
            for batch_idx, batch in enumerate(self.train_loader):
                loss = self.module.training_step(batch, batch_idx)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            print(epoch, loss.item())
