# `model` and `train_dl` are globals of the notebook
import torch
import torch.nn.functional as F

lr = 0.1


def train_epoch():
    for xb, yb in train_dl:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        for p in model.parameters():
            p.data.sub_(lr * p.grad / len(xb))
            p.grad.zero_()


@torch.no_grad()
def validate_epoch():
    hits = rows = 0
    for xb, yb in valid_dl:
        hits += (model(xb).argmax(1) == yb).sum().item()
        rows += len(yb)
    return hits / rows
