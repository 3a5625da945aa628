from tqdm.auto import tqdm


def train(epoch, model, loss_fn, optim, train_dl):
    model.train()
    losses = []
    for x, y in tqdm(train_dl, desc=f'train {epoch}'):
        optim.zero_grad()
        loss = loss_fn(model(x), y)
        loss.backward()
        optim.step()
        losses.append(loss.item())
        break
    return losses


def smooth(losses, beta=0.98):
    """Exponentially weighted averages for a plot, without the bias of the first ones."""
    avg, out = 0.0, []
    for i, loss in enumerate(losses, start=1):
        avg = beta * avg + (1 - beta) * loss
        out.append(avg / (1 - beta ** i))
    return out
