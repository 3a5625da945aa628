from tqdm import tqdm


def valid_epoch(network, valid_loader, cost, optim):
    network.eval()
    losses, correct, n = 0.0, 0, 0
    for inputs, labels in tqdm(valid_loader):
        optim.zero_grad()
        output = network(inputs)
        loss = cost(output, labels)
        loss.backward()
        optim.step()
        losses += loss.item() * len(labels)
        correct += (output.argmax(1) == labels).sum().item()
        n += len(labels)
    return losses / n, correct / n
