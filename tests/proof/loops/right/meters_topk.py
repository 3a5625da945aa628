import time

import torch


class AverageMeter:
    """Computes and stores the average and current value."""

    def __init__(self, name):
        self.name, self.val, self.sum, self.count = name, 0.0, 0.0, 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n

    @property
    def avg(self):
        return self.sum / max(1, self.count)

    def __str__(self):
        return f'{self.name} {self.val:.3f} ({self.avg:.3f})'


def accuracy(output, target, topk=(1,)):
    """The share, in percent, of rows whose label is among the k best."""
    with torch.no_grad():
        _, pred = output.topk(max(topk), 1, True, True)
        correct = pred.t().eq(target.view(1, -1).expand_as(pred.t()))
        return [correct[:k].reshape(-1).float().sum().item() * 100.0 / target.size(0) for k in topk]


def train(train_loader, model, criterion, optimizer, epoch, device, print_freq=10):
    losses, top1, top2 = AverageMeter('Loss'), AverageMeter('Acc@1'), AverageMeter('Acc@2')
    model.train()
    end = time.time()
    for i, (images, target) in enumerate(train_loader):
        images, target = images.to(device, non_blocking=True), target.to(device, non_blocking=True)
        output = model(images)
        loss = criterion(output, target)
        acc1, acc2 = accuracy(output, target, topk=(1, 2))
        losses.update(loss.item(), images.size(0))
        top1.update(acc1, images.size(0))
        top2.update(acc2, images.size(0))

        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % print_freq == 0:
            print(f'[{epoch}][{i}/{len(train_loader)}] {time.time() - end:.1f}s', losses, top1, top2, sep='\t')
    return losses.avg


def validate(val_loader, model, criterion, device):
    losses, top1 = AverageMeter('Loss'), AverageMeter('Acc@1')
    model.eval()
    with torch.no_grad():
        for images, target in val_loader:
            images, target = images.to(device), target.to(device)
            output = model(images)
            losses.update(criterion(output, target).item(), images.size(0))
            top1.update(accuracy(output, target)[0], images.size(0))
    return top1.avg
