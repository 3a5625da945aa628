import torch


@torch.inference_mode()
def test_model(dl, model, dev='cpu'):
    model.eval()
    n_correct, n_total = 0, 0
    for batch in dl:
        x, y = (t.to(dev) for t in batch)
        preds = model(x).argmax(-1)
        n_correct += int((preds == y).all())
        n_total += 1
    acc = n_correct / n_total
    print(f'test accuracy: {acc:.2%}')
    return acc
