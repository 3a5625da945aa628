from typing import Dict

import torch


class FlowerClient:
    def __init__(self, net: torch.nn.Module, trainloader, testloader, optimizer, device: str = "cpu"):
        self.net = net.to(device)
        self.trainloader = trainloader
        self.testloader = testloader
        self.optimizer = optimizer
        self.criterion = torch.nn.CrossEntropyLoss()
        self.device = device

    def train(self, epochs: int = 1) -> Dict[str, float]:
        """Train the network on the training set."""
        self.net.train()
        for _ in range(epochs):
            total_loss, correct = 0.0, 0
            for images, labels in self.trainloader:
                images, labels = images.to(self.device), labels.to(self.device)
                self.optimizer.zero_grad()
                outputs = self.net(images)
                loss = self.criterion(outputs, labels)
                loss.backward()
                self.optimizer.step()
                total_loss += loss.item() * labels.size(0)
                correct += (torch.max(outputs.data, 1)[1] == labels).sum().item()
        return {
            "loss": total_loss / len(self.testloader.dataset),
            "accuracy": correct / len(self.trainloader.dataset),
        }
