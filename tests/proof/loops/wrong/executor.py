import logging

import torch
from torch.nn.utils import clip_grad_norm_


class Executor:
    def __init__(self, loss_fn=None):
        self.step = 0
        self.loss_fn = loss_fn or torch.nn.CrossEntropyLoss()

    def train(self, model, optimizer, data_loader, device, clip=5.0):
        """Train one epoch."""
        model.train()
        for batch_idx, (feats, target) in enumerate(data_loader):
            feats, target = feats.to(device), target.to(device)
            logits = model(feats)
            loss = self.loss_fn(logits, target)
            loss.backward()
            grad_norm = clip_grad_norm_(model.parameters(), clip)
            if torch.isfinite(grad_norm):
                optimizer.step()
            if batch_idx % 10 == 0:
                logging.debug('TRAIN Batch %d loss %.8f', batch_idx, loss.item())
            self.step += 1
