def train(net, trainloader, criterion, optimizer, epochs=2, every=4):
    """Prints the mean loss of each `every` batches."""
    net.train()
    for epoch in range(epochs):  # loop over the dataset multiple times
        running_loss = 0.0
        for i, data in enumerate(trainloader, 0):
            # data is a list of [inputs, labels]
            inputs, labels = data
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()

            running_loss += loss.item()
            if i % every == every - 1:
                print(f'[{epoch + 1}, {i + 1:5d}] loss: {running_loss / every:.3f}')
                running_loss = 0.0
    print('Finished Training')
