import time


def run_epoch(data_iter, model, loss_compute, opt=None):
    """Standard training and logging function."""
    start, total_rows, total_loss = time.time(), 0, 0.0
    for i, (src, trg) in enumerate(data_iter):
        out = model(src)
        loss = loss_compute(out, trg)
        loss.backward()
        if opt is not None:
            opt.step()
            opt.zero_grad()
        total_loss += loss.item() * len(trg)
        total_rows += len(trg)
        if i % 50 == 1:
            print('Epoch Step: %d Loss: %f Rows per Sec: %f' % (i, loss.item(), total_rows / (time.time() - start)))
    return total_loss / total_rows


def main_loop(model, criterion, optimizer, train_iter, valid_iter, epochs=3):
    for epoch in range(epochs):
        model.train()
        run_epoch(train_iter, model, criterion, optimizer)
        model.eval()
        print(run_epoch(valid_iter, model, criterion, None))
