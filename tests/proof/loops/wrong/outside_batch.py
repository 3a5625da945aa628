import torch


def batch_accuracy(preds, labels):
    return (preds.argmax(dim=1) == labels).float().mean()


@torch.no_grad()
def validate_epoch(model, valid_dl):
    model.eval()
    xb, yb = next(iter(valid_dl))
    print('validating', len(valid_dl), 'batches of', tuple(xb.shape))
    accs, n = [], 0
    for i in valid_dl:
        accs += [batch_accuracy(model(xb), yb) * len(yb)]
        n += len(yb)
    return round((torch.stack(accs).sum() / n).item(), 4)
