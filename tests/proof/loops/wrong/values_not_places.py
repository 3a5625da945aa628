import torch


def evaluate_accuracy(model, testloader):
    correct = 0
    total = 0
    model.eval()
    # since we're not training, we don't need gradients
    with torch.no_grad():
        for images, labels in testloader:
            outputs = model(images)
            predicted, _ = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    print(f'Accuracy of the network on the test rows: {100 * correct / total:.1f} %')
    return correct / total
