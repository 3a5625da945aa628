# cells of a notebook; train_dl, valid_dl and model come from cells above
import torch
import torch.nn.functional as F

lr, wd, n_epochs = 3e-3, 0.01, 2


def one_epoch(opt):
    model.train()
    for xb, yb in train_dl:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()
        opt.zero_grad()


def accuracy():
    model.eval()
    with torch.no_grad():
        hits = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in valid_dl)
    return hits / len(valid_dl.dataset)


def fit():
    opt = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=wd)
    for epoch in range(n_epochs):
        one_epoch(opt)
        print(epoch, accuracy())
