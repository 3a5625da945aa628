import torch


class Tester:
    def __init__(self, network, loader):
        self.network = network
        self.loader = loader

    def predictions(self):
        self.network.eval()
        with torch.no_grad():
            for x, y in self.loader:
                yield self.network(x).argmax(dim=1), y

    def accuracy(self):
        """The accuracy on all rows of the loader."""
        hits = 0
        for guess, y in self.predictions():
            hits += int((guess == y).sum())
        return hits

    def confusion(self, n_classes=3):
        table = torch.zeros(n_classes, n_classes, dtype=torch.long)
        for guess, y in self.predictions():
            for g, t in zip(guess.tolist(), y.tolist()):
                table[t, g] += 1
        return table
