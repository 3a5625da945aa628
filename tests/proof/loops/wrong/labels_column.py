import torch


@torch.no_grad()
def evaluate(data_loader, model, device):
    model.eval()
    correct, total = 0.0, 0
    for samples, target in data_loader:
        samples, target = samples.to(device), target.to(device)
        preds = (torch.sigmoid(model(samples)).squeeze(1) > 0.5).float()
        correct += (preds == target).float().mean().item() * len(target)
        total += len(target)
    return {'accuracy': correct / total}


def train_one_epoch(model, data_loader, optimizer, device):
    model.train()
    loss_fn = torch.nn.BCEWithLogitsLoss()
    for samples, target in data_loader:
        samples, target = samples.to(device), target.to(device)
        loss = loss_fn(model(samples), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
