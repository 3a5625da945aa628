import torch
import torch.nn.functional as F

cuda = torch.cuda.is_available()


class Trainer:
    """Trains with mixed precision where there is a GPU."""

    def __init__(self, net, train_dl, valid_dl, opt):
        self.device = 'cuda' if cuda else 'cpu'
        self.net = net.to(self.device)
        self.train_dl, self.valid_dl = train_dl, valid_dl
        self.opt = opt
        self.scaler = torch.amp.GradScaler(self.device, enabled=cuda)

    def train_epoch(self):
        self.net.train()
        for x, y in self.train_dl:
            x, y = x.to(self.device), y.to(self.device)
            self.opt.zero_grad()
            with torch.autocast(self.device, enabled=cuda):
                loss = F.cross_entropy(self.net(x), y)
            self.scaler.step(self.opt)
            self.scaler.update()
            self.scaler.scale(loss).backward()

    @torch.no_grad()
    def evaluate(self):
        self.net.eval()
        hits = total = 0
        for x, y in self.valid_dl:
            x, y = x.to(self.device), y.to(self.device)
            hits += (self.net(x).argmax(1) == y).sum().item()
            total += len(y)
        return hits / total

    def fit(self, epochs=3):
        for epoch in range(epochs):
            self.train_epoch()
            print(epoch, self.evaluate())
