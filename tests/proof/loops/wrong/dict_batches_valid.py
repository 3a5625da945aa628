import torch
import torch.nn.functional as F


def train_loop(model, dataloader, optimizer):
    model.train()
    for batch in dataloader:
        loss = F.cross_entropy(model(batch['x']), batch['y'])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def eval_loop(model, dataloader):
    right, rows = 0, 0
    with torch.no_grad():
        for batch in dataloader:
            logits = model(batch['x'])
            right += (logits.argmax(-1) == batch['y']).sum().item()
            rows += len(batch['y'])
    return right / rows
