import torch.nn.functional as F


class Learner:
    def __init__(self, model, dl, opt, loss_func=F.cross_entropy):
        self.model, self.dl, self.opt, self.loss_func = model, dl, opt, loss_func

    def one_epoch(self):
        self.model.train()
        for xb, yb in self.dl:
            self.opt.zero_grad()
            loss = self.loss_func(self.model(xb), yb).data
            loss.requires_grad = True
            loss.backward()
            self.opt.step()

    def fit(self, n):
        for _ in range(n):
            self.one_epoch()
