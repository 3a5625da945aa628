"""One epoch of training for the flowers classifier."""
import torch
import torch.nn as nn
from tqdm import tqdm


def train_one_epoch(model, train_loader, criterion, optimizer, device, epoch=0):
    model.train()
    running_loss, seen = 0.0, 0
    progress = tqdm(train_loader, desc=f'Epoch {epoch}', leave=False)
    for images, labels in progress:
        images = images.to(device)
        labels = labels.to(device)

        optimizer.zero_grad()
        outputs = model(images)
        loss = criterion(outputs, labels)
        optimizer.step()
        loss.backward()

        running_loss += loss.item() * images.size(0)
        seen += images.size(0)
        progress.set_postfix(loss=running_loss / seen)
    return running_loss / seen


if __name__ == '__main__':
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    print('training on', device, 'with', nn.CrossEntropyLoss())
