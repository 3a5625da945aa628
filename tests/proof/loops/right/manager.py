import torch
from torch import nn
from tqdm import tqdm


class Manager:
    """Training, validation and a record of the best epoch."""

    def __init__(self, classifier, train_dataloader, valid_loader, lr=0.01):
        self.classifier = classifier
        self.loaders = {'train': train_dataloader, 'val': valid_loader}
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(classifier.parameters(), lr=lr)
        self.scheduler = torch.optim.lr_scheduler.ExponentialLR(self.optimizer, gamma=0.95)
        self.best_acc, self.best_epoch = 0.0, -1

    def train(self, num_epochs=2):
        for epoch in range(num_epochs):
            # each epoch has a training and a validation phase
            for phase in ('train', 'val'):
                self.classifier.train(phase == 'train')
                running_loss, running_corrects = 0.0, 0
                for inputs, labels in tqdm(self.loaders[phase], desc=phase):
                    self.optimizer.zero_grad()
                    with torch.set_grad_enabled(phase == 'train'):
                        outputs = self.classifier(inputs)
                        preds = torch.max(outputs, 1)[1]
                        loss = self.criterion(outputs, labels)
                        if phase == 'train':
                            loss.backward()
                            self.optimizer.step()
                    running_loss += loss.item() * inputs.size(0)
                    running_corrects += torch.sum(preds == labels.data).item()
                if phase == 'train':
                    self.scheduler.step()
                rows = len(self.loaders[phase].dataset)
                print(f'{phase} Loss: {running_loss / rows:.4f} Acc: {running_corrects / rows:.4f}')
                if phase == 'val' and running_corrects / rows > self.best_acc:
                    self.best_acc, self.best_epoch = running_corrects / rows, epoch
