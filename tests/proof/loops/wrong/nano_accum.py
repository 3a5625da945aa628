import torch.nn.functional as F


def train_steps(model, optimizer, train_loader, max_iters=6, gradient_accumulation_steps=4):
    """Each iteration takes several micro-batches to simulate a larger batch."""
    model.train()
    batches = iter(train_loader)
    optimizer.zero_grad(set_to_none=True)
    for iter_num in range(max_iters):
        for micro_step in range(gradient_accumulation_steps):
            try:
                X, Y = next(batches)
            except StopIteration:
                batches = iter(train_loader)
                X, Y = next(batches)
            logits = model(X)
            loss = F.cross_entropy(logits, Y)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        print(f'iter {iter_num}: loss {loss.item():.4f}')
