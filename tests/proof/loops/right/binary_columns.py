import torch
import torch.nn as nn

criterion = nn.BCEWithLogitsLoss()


def train_epoch(model, train_dl, opt):
    model.train()
    loss_sum, rows = 0.0, 0
    for xb, yb in train_dl:
        logits = model(xb)
        loss = criterion(logits, yb.float())
        opt.zero_grad()
        loss.backward()
        opt.step()
        loss_sum += loss.item() * xb.shape[0]
        rows += xb.shape[0]
    return loss_sum / rows


@torch.no_grad()
def valid_epoch(model, valid_dl):
    model.eval()
    hits, rows = 0, 0
    for xb, yb in valid_dl:
        # a logit above 0 is a probability above a half
        hits += ((model(xb) > 0) == (yb > 0.5)).sum().item()
        rows += xb.shape[0]
    return hits / rows
