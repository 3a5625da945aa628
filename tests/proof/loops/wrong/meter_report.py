import torch


class AverageMeter:
    def __init__(self):
        self.total, self.count = 0.0, 0

    def update(self, value, n=1):
        self.total += value * n
        self.count += n

    @property
    def avg(self):
        return self.total / max(self.count, 1)


class Evaluator:
    def __init__(self, model, criterion, val_loader):
        self.model, self.criterion, self.val_loader = model, criterion, val_loader

    @torch.no_grad()
    def evaluate(self):
        losses, top1 = AverageMeter(), AverageMeter()
        self.model.eval()
        for images, labels in self.val_loader:
            outputs = self.model(images)
            losses.update(self.criterion(outputs, labels).item(), images.size(0))
            hits = (outputs.argmax(dim=1) == labels).sum().item()
            top1.update(hits, images.size(0))
        return losses.avg, top1.avg
