import torch
import torch.nn.functional as F


class Learner:
    """A small learner: a loop over epochs and modes, with places for callbacks."""

    def __init__(self, model, train_dl, valid_dl, loss_func=F.cross_entropy, lr=0.1, opt_func=torch.optim.SGD, cbs=()):
        self.model, self.dls = model, (train_dl, valid_dl)
        self.loss_func, self.lr, self.opt_func, self.cbs = loss_func, lr, opt_func, list(cbs)

    def one_batch(self):
        self.xb, self.yb = self.batch
        self.preds = self.model(self.xb)
        self.loss = self.loss_func(self.preds, self.yb)
        if self.model.training:
            self.loss.backward()
            self.opt.step()
            self.opt.zero_grad()

    def one_epoch(self, train):
        self.model.train(train)
        hits = losses = n = 0
        for self.batch in self.dls[0 if train else 1]:
            self.one_batch()
            hits += (self.preds.argmax(1) == self.yb).sum().item()
            losses += self.loss.item() * len(self.yb)
            n += len(self.yb)
        print('train' if train else 'eval', self.epoch, f'{losses / n:.3f} {hits / n:.3f}')
        self.callback('after_epoch')

    def fit(self, n_epochs=2):
        self.opt = self.opt_func(self.model.parameters(), self.lr)
        for self.epoch in range(n_epochs):
            self.one_epoch(True)
            with torch.inference_mode():
                self.one_epoch(False)

    def callback(self, name):
        for cb in self.cbs:
            getattr(cb, name, lambda learn: None)(self)
