import torch


def validate(val_loader, model, criterion):
    """Top-1 accuracy and loss over the validation set."""
    model.eval()
    all_outputs, all_labels = [], []
    for images, labels in val_loader:
        outputs = model(images)
        all_outputs.append(outputs)
        all_labels.append(labels)
    outputs, labels = torch.cat(all_outputs), torch.cat(all_labels)
    loss = criterion(outputs, labels)
    top1 = (outputs.argmax(dim=1) == labels).float().mean()
    print(f' * Acc@1 {100 * top1.item():.3f} Loss {loss.item():.4f}')
    return top1.item()
