import torch


def validate(model, dl_valid):
    accs = []
    model.eval()
    with torch.no_grad():
        for x, y in dl_valid:
            accs.append((model(x).argmax(1) == y).float().mean().item())
    return sum(accs) / len(accs)


def train(model, dl_train, opt, epochs=1):
    for _ in range(epochs):
        model.train()
        for x, y in dl_train:
            opt.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            opt.step()
