import torch
import torch.nn.functional as F


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


def train_ch3(net, train_iter, num_epochs=3, lr=0.1):
    batch_size = train_iter.batch_size
    params = list(net.parameters())
    net.train()
    for epoch in range(num_epochs):
        train_l_sum, train_acc_sum, n = 0.0, 0.0, 0
        for X, y in train_iter:
            y_hat = net(X)
            loss = F.cross_entropy(y_hat, y, reduction='sum')
            loss.backward()
            sgd(params, lr, batch_size)
            train_l_sum += loss.item()
            train_acc_sum += (y_hat.argmax(dim=1) == y).sum().item()
            n += y.shape[0]
        print('epoch %d, loss %.4f, train acc %.3f' % (epoch + 1, train_l_sum / n, train_acc_sum / n))
