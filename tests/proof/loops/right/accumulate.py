import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_


def train_epoch(model, dataloader, optimizer, accumulation_steps=2, max_grad_norm=1.0):
    """A step for each group of micro-batches, also for the last, shorter group."""
    model.train()
    optimizer.zero_grad()
    last = len(dataloader)
    for step, (inputs, labels) in enumerate(dataloader, start=1):
        loss = F.cross_entropy(model(inputs), labels)
        (loss / accumulation_steps).backward()
        if step % accumulation_steps == 0 or step == last:
            clip_grad_norm_(model.parameters(), max_grad_norm)
            optimizer.step()
            optimizer.zero_grad()
