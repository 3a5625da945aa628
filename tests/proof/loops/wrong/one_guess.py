import torch


def check_accuracy(loader, model):
    num_correct = 0
    num_samples = 0
    model.eval()

    with torch.no_grad():
        for x, y in loader:
            x = x.reshape(x.shape[0], -1)
            scores = model(x)
            predictions = scores.argmax()
            num_correct += (predictions == y).sum().item()
            num_samples += y.size(0)

    print(f'Got {num_correct} / {num_samples} with accuracy {num_correct / num_samples * 100:.2f}')
    model.train()
    return num_correct / num_samples
