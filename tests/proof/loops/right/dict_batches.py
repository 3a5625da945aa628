import torch
import torch.nn.functional as F
from tqdm.auto import tqdm


def train_epoch(model, dataloader, optimizer, device='cpu'):
    model.train()
    progress_bar = tqdm(dataloader)
    for batch in progress_bar:
        batch = {k: v.to(device) for k, v in batch.items()}
        loss = F.cross_entropy(model(batch['x']), batch['y'])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        progress_bar.set_description(f'loss {loss.item():.3f}')


def evaluate(model, dataloader, device='cpu'):
    model.eval()
    matches, rows = 0, 0
    for batch in dataloader:
        batch = {k: v.to(device) for k, v in batch.items()}
        with torch.no_grad():
            logits = model(batch['x'])
        predictions = torch.argmax(logits, dim=-1)
        matches += (predictions == batch['y']).sum().item()
        rows += len(predictions)
    return {'accuracy': matches / rows}
