from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm


def train(model, loader, optimizer, criterion, iterations=12, clip_gradient_norm=0.1):
    """A fixed number of iterations, going round the loader."""
    model.train()
    done = 0
    bar = tqdm(total=iterations)
    while done < iterations:
        for frames, label in loader:
            predictions = model(frames)
            loss = criterion(predictions, label)

            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            clip_grad_norm_(model.parameters(), clip_gradient_norm)

            done += 1
            bar.update(1)
            bar.set_postfix(loss=loss.item())
            if done == iterations:
                break
    bar.close()
