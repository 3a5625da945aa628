import torch
import torch.nn.functional as F


def evaluate(model, val_loader):
    model.eval()
    hits, n = 0, 0
    with torch.no_grad():
        for xb, yb in val_loader:
            hits += (model(xb).argmax(dim=1) == yb).sum().item()
            n += len(yb)
    return hits / n


def fit(model, train_loader, val_loader, epochs=3, max_lr=0.02, weight_decay=1e-4, grad_clip=0.1):
    history = []
    optimizer = torch.optim.AdamW(model.parameters(), lr=max_lr, weight_decay=weight_decay)
    sched = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr, epochs=epochs, steps_per_epoch=len(train_loader))
    for epoch in range(epochs):
        model.train()
        lrs = []
        for xb, yb in train_loader:
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            torch.nn.utils.clip_grad_value_(model.parameters(), grad_clip)
            optimizer.step()
            optimizer.zero_grad()
            lrs.append(sched.get_last_lr()[0])
            sched.step()
        history.append({'lr': lrs[-1], 'val_acc': evaluate(model, val_loader)})
    return history
