import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_


def train_epoch(model, dataloader, optimizer, accumulation_steps=2, max_grad_norm=0.1):
    model.train()
    optimizer.zero_grad()
    for step, (input_ids, labels) in enumerate(dataloader):
        logits = model(input_ids)
        loss = F.cross_entropy(logits, labels) / accumulation_steps
        loss.backward()
        clip_grad_norm_(model.parameters(), max_grad_norm)
        if (step + 1) % accumulation_steps == 0 or step + 1 == len(dataloader):
            optimizer.step()
            optimizer.zero_grad()
