"""Training and evaluation loops as people write them, as texts of files: wrong ones by the slug they should get, and right ones.

They are in other words than what they were made after: descriptions of bugs in issues, and loops of public tutorials."""

_head = 'import torch\nfrom torch import nn, optim\nimport torch.nn.functional as F\n\n'


def _file(text): return _head + text.strip('\n') + '\n'


wrong = {
    'gradients-not-zeroed': ['''
def train_one_epoch(net, trainloader, criterion, optimizer, device):
    net.train()
    for i, (inputs, labels) in enumerate(trainloader):
        inputs, labels = inputs.to(device), labels.to(device)
        outputs = net(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
''', '''
class Runner:
    def __init__(self, model, loader, lr=0.01):
        self.model, self.loader = model, loader
        self.opt = optim.Adam(self.model.parameters(), lr=lr)

    def fit(self, epochs):
        for _ in range(epochs):
            for x, y in self.loader:
                self.opt.zero_grad
                F.cross_entropy(self.model(x), y).backward()
                self.opt.step()
''', '''
x = torch.linspace(-1, 1, 20)[:, None]
y = 3*x + 1
w, b = torch.zeros(1, 1, requires_grad=True), torch.zeros(1, requires_grad=True)
for epoch in range(10):
    loss = ((x @ w + b - y)**2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1*w.grad
        b -= 0.1*b.grad
'''],
    'zeroed-once-an-epoch': ['''
def fit(model, dl, opt, loss_func, n_epochs):
    for e in range(n_epochs):
        model.train()
        opt.zero_grad()
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            opt.step()
'''],
    'zeroed-too-early': ['''
def train(dataloader, model, loss_fn, optimizer):
    model.train()
    for X, y in dataloader:
        loss = loss_fn(model(X), y)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
''', '''
def train_epoch(model, lr, params):
    for xb, yb in dl:
        F.cross_entropy(model(xb), yb).backward()
        for p in params:
            p.grad.zero_()
            p.data -= lr*p.grad
'''],
    'step-before-backward': ['''
def train(model, train_loader, optimizer, criterion):
    for data, target in train_loader:
        optimizer.zero_grad()
        output = model(data)
        loss = criterion(output, target)
        optimizer.step()
        loss.backward()
''', '''
def fit(epochs, net, opt, train_dl):
    for epoch in range(epochs):
        for xb, yb in train_dl:
            loss = F.cross_entropy(net(xb), yb)
            opt.step()
            loss.backward()
            opt.zero_grad()
'''],
    'backward-missing': ['''
def train(net, loader, optimizer):
    net.train()
    total = 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y)
        # loss.backward()
        optimizer.step()
        total += loss.item()
    return total
'''],
    'step-missing': ['''
def train(network, train_loader, optimizer, loss_function):
    for images, targets in train_loader:
        optimizer.zero_grad()
        loss = loss_function(network(images), targets)
        loss.backward()
'''],
    'backward-scaled': ['''
def train(model, train_loader, optimizer, criterion, epoch):
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward(loss)
        optimizer.step()
'''],
    'wrong-sign': ['''
def train(model, dl, lr):
    for xb, yb in dl:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p += lr*p.grad
                p.grad = None
''', '''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = -F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
'''],
    'optimizer-remade': ['''
def train(model, train_loader, epoch):
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
''', '''
def fit(net, train_loader, criterion, epochs=5):
    for epoch in range(epochs):
        opt = torch.optim.Adam(net.parameters(), lr=1e-3)
        for x, y in train_loader:
            opt.zero_grad()
            criterion(net(x), y).backward()
            opt.step()
'''],
    'optimizer-misses-parameters': ['''
def fit(model, train_loader, criterion, epochs):
    optimizer = optim.SGD(model.fc.parameters(), lr=0.1)
    for _ in range(epochs):
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
''', '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = [nn.Linear(6, 8), nn.Linear(8, 8)]
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        for block in self.blocks: x = block(x).relu()
        return self.out(x)

net = Net()
opt = optim.SGD(net.parameters(), lr=0.1)
X, Y = torch.randn(32, 6), torch.randint(0, 3, (32,))
for i in range(0, 32, 8):
    opt.zero_grad()
    F.cross_entropy(net(X[i:i + 8]), Y[i:i + 8]).backward()
    opt.step()
'''],
    'parameters-rebound': ['''
x = torch.randn(16, 2)
y = x @ torch.tensor([[1.], [2.]])
w = torch.zeros(2, 1, requires_grad=True)
for i in range(10):
    loss = ((x @ w - y)**2).mean()
    loss.backward()
    with torch.no_grad():
        w = w - 0.1*w.grad
''', '''
def train_epoch(model, dl, lr):
    for xb, yb in dl:
        F.cross_entropy(model(xb), yb).backward()
        with torch.no_grad():
            for p in model.parameters():
                p = p - lr*p.grad
        model.zero_grad()
'''],
    'not-a-leaf': ['''
X = torch.randn(20, 3)
Y = X.sum(1, keepdim=True)
w = torch.randn(3, 1, requires_grad=True)*0.01
b = torch.zeros(1, requires_grad=True)
for step in range(5):
    loss = (X @ w + b - Y).pow(2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1*w.grad
        b -= 0.1*b.grad
        w.grad.zero_()
        b.grad.zero_()
'''],
    'loss-detached': ['''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss = torch.tensor(loss.item(), requires_grad=True)
        loss.backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y).detach()
        loss.requires_grad = True
        loss.backward()
        optimizer.step()
'''],
    'predictions-detached': ['''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        out = model(x).data
        loss = criterion(out, y)
        loss.requires_grad_(True)
        loss.backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        with torch.no_grad():
            out = model(x)
        loss = criterion(out, y)
        loss.backward()
        optimizer.step()
'''],
    'loss-not-differentiable': ['''
def train(model, loader, optimizer):
    for x, y in loader:
        pred = model(x).argmax(1)
        loss = F.mse_loss(pred.float(), y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''],
    'loss-of-inputs': ['''
def train(model, train_dl, opt):
    for xb, yb in train_dl:
        preds = model(xb)
        loss = F.mse_loss(xb.mean(1), yb.float())
        opt.zero_grad()
        loss.backward()
        opt.step()
'''],
    'labels-broadcast': ['''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        logits = model(x).squeeze(1)
        y = y.view(-1, 1).float()
        loss = F.mse_loss(logits, y)
        loss.backward()
        optimizer.step()
''', '''
@torch.no_grad()
def evaluate(model, val_loader):
    model.eval()
    correct = total = 0
    for x, y in val_loader:
        pred = model(x).argmax(1)
        target = y.unsqueeze(1)
        correct += (pred == target).sum().item()
        total += len(x)
    return correct/total
'''],
    'softmax-twice': ['''
def train(model, train_loader, optimizer):
    criterion = nn.CrossEntropyLoss()
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        probs = torch.softmax(model(x), dim=1)
        loss = criterion(probs, y)
        loss.backward()
        optimizer.step()
''', '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = nn.Linear(20, 8), nn.Linear(8, 4)
    def forward(self, x): return F.softmax(self.l2(self.l1(x).relu()), dim=1)

def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), y)
        loss.backward()
        optimizer.step()
''', '''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(F.log_softmax(model(x), dim=1), y)
        loss.backward()
        optimizer.step()
'''],
    'nll-of-probabilities': ['''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.nll_loss(F.softmax(model(x), dim=1), y)
        loss.backward()
        optimizer.step()
'''],
    'softmax-over-batch': ['''
def test(model, test_loader):
    model.eval()
    right = 0
    with torch.inference_mode():
        for X, y in test_loader:
            probs = torch.softmax(model(X), dim=0)
            right += (probs.argmax(dim=1) == y).sum().item()
    return right/len(test_loader.dataset)
'''],
    'argmax-over-everything': ['''
def test(model, test_loader):
    model.eval()
    right = 0
    with torch.no_grad():
        for X, y in test_loader:
            right += (model(X).argmax() == y).sum().item()
    return right/len(test_loader.dataset)
'''],
    'only-first-batch': ['''
def train(model, train_loader, optimizer, criterion):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()
'''],
    'one-batch-only': ['''
def train(model, train_loader, optimizer, criterion, n_steps):
    for _ in range(n_steps):
        x, y = next(iter(train_loader))
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
def evaluate(model, valid_dl):
    xb, yb = next(iter(valid_dl))
    model.eval()
    accs = []
    with torch.no_grad():
        for i in valid_dl:
            accs.append((model(xb).argmax(1) == yb).float().mean().item())
    return sum(accs)/len(accs)
'''],
    'only-last-batch': ['''
def train(model, dl, opt, loss_func):
    for xb, yb in dl:
        preds = model(xb)
    loss = loss_func(preds, yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
'''],
    'fixed-batch-size': ['''
def train(model, train_loader, optimizer, criterion, batch_size):
    for x, y in train_loader:
        x = x.view(batch_size, -1)
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
def test(model, test_loader, batch_size):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x).argmax(1) == y).sum().item()
    return correct/(batch_size*len(test_loader))
'''],
    'trained-in-eval-mode': ['''
def train(dataloader, model, loss_fn, optimizer):
    for X, y in dataloader:
        loss = loss_fn(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

def test(dataloader, model, loss_fn):
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
    print(f"Accuracy: {100*correct/len(dataloader.dataset):>0.1f}%, Avg loss: {test_loss/len(dataloader):>8f}")
''', '''
def fit(model, train_dl, val_dl, opt, epochs):
    model.train()
    for epoch in range(epochs):
        for x, y in train_dl:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            right = sum((model(x).argmax(1) == y).sum().item() for x, y in val_dl)
        print(epoch, right/len(val_dl.dataset))
'''],
    'measured-in-train-mode': ['''
def train_and_test(model, train_loader, test_loader, optimizer, criterion, epochs):
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        correct = 0
        with torch.no_grad():
            for x, y in test_loader:
                correct += (model(x).max(1)[1] == y).sum().item()
        print('test accuracy', correct/len(test_loader.dataset))
'''],
    'trained-while-measuring': ['''
def run_epoch(model, dl, loss_func, opt=None):
    total, n = 0., 0
    for x, y in dl:
        loss = loss_func(model(x), y)
        loss.backward()
        if opt is not None:
            opt.step()
            opt.zero_grad()
        total += loss.item()*len(x)
        n += len(x)
    return total/n
''', '''
def validate(model, val_loader, criterion, optimizer):
    model.eval()
    total = 0
    for x, y in val_loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()*len(x)
    return total/len(val_loader.dataset)
'''],
    'graph-kept': ['''
def train(model, train_loader, optimizer, criterion):
    total_loss = 0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total_loss += loss
    return total_loss/len(train_loader)
'''],
    'clipped-after-step': ['''
def train(model, train_loader, optimizer, criterion, clip):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
'''],
    'clipped-each-micro-batch': ['''
def train(model, train_loader, optimizer, criterion, accumulation_steps):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(train_loader):
        loss = criterion(model(x), y)/accumulation_steps
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        if (i + 1) % accumulation_steps == 0 or i + 1 == len(train_loader):
            optimizer.step()
            optimizer.zero_grad()
'''],
    'accumulation-not-divided': ['''
def train(model, train_loader, optimizer, criterion):
    accum = 4
    optimizer.zero_grad()
    for i, (x, y) in enumerate(train_loader):
        criterion(model(x), y).backward()
        if (i + 1) % accum == 0 or i == len(train_loader) - 1:
            optimizer.step()
            optimizer.zero_grad()
'''],
    'accumulation-zeroed': ['''
def train(model, train_loader, optimizer, criterion, accum_steps=2):
    for i, (x, y) in enumerate(train_loader):
        optimizer.zero_grad()
        loss = criterion(model(x), y)/accum_steps
        loss.backward()
        if (i + 1) % accum_steps == 0:
            optimizer.step()
'''],
    'last-gradients-unused': ['''
def train(model, train_loader, optimizer, criterion):
    k = 3
    optimizer.zero_grad()
    for i, (x, y) in enumerate(train_loader):
        (criterion(model(x), y)/k).backward()
        if (i + 1) % k == 0:
            optimizer.step()
            optimizer.zero_grad()
'''],
    'scheduler-each-batch': ['''
def fit(model, train_loader, epochs):
    opt = optim.SGD(model.parameters(), lr=0.1)
    sched = optim.lr_scheduler.StepLR(opt, step_size=2, gamma=0.1)
    for epoch in range(epochs):
        for x, y in train_loader:
            opt.zero_grad()
            F.cross_entropy(model(x), y).backward()
            opt.step()
            sched.step()
'''],
    'divided-by-batch-size': ['''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)/x.size(0)
        loss.backward()
        optimizer.step()
'''],
    'loss-averaged-wrongly': ['''
def test(dataloader, model, loss_fn):
    size = len(dataloader.dataset)
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
    test_loss /= size
    correct /= size
    print(f"Test Error: Accuracy: {(100*correct):>0.1f}%, Avg loss: {test_loss:>8f}")
''', '''
def train(net, trainloader, testloader, optimizer, criterion):
    train_loss = 0.0
    net.train()
    for x, y in trainloader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()*x.size(0)
    return train_loss/len(testloader.dataset)
'''],
    'accuracy-averaged-wrongly': ['''
def evaluate(model, data_loader):
    model.eval()
    hits = 0
    with torch.no_grad():
        for x, y in data_loader:
            hits += torch.sum(model(x).argmax(1) == y).item()
    return hits/len(data_loader)
'''],
    'batches-unweighted': ['''
def validate(model, testloader, criterion):
    accuracy = 0
    model.eval()
    with torch.no_grad():
        for x, y in testloader:
            top = model(x).topk(1, dim=1)[1]
            equals = top == y.view(*top.shape)
            accuracy += torch.mean(equals.float()).item()
    return accuracy/len(testloader)
'''],
    'counted-not-averaged': ['''
def accuracy(net, test_iter):
    net.eval()
    acc = 0
    with torch.no_grad():
        for x, y in test_iter:
            acc += (net(x).argmax(1) == y).sum().item()
    return acc
'''],
    'first-row-only': ['''
def accuracy(model, test_loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in test_loader:
            out = model(x)
            if out[0].argmax() == y[0]:
                correct += 1
            total += 1
    return correct/total
'''],
    'first-batch-measured': ['''
def accuracy(model, test_loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in test_loader:
            correct += (model(x).argmax(1) == y).sum().item()
            total += len(y)
            return correct/total
'''],
    'last-batch-only': ['''
def accuracy(model, test_loader):
    model.eval()
    with torch.no_grad():
        for x, y in test_loader:
            acc = (model(x).argmax(1) == y).float().mean().item()
    return acc
'''],
    'accuracy-inverted': ['''
def accuracy(model, test_loader):
    model.eval()
    wrong = n = 0
    with torch.no_grad():
        for x, y in test_loader:
            wrong += (model(x).argmax(1) != y).sum().item()
            n += len(y)
    accuracy = wrong/n
    return accuracy
'''],
    'measured-on-training-set': ['''
def fit(model, train_loader, test_loader, optimizer, criterion, epochs):
    for epoch in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        correct = 0
        with torch.no_grad():
            for x, y in train_loader:
                correct += (model(x).argmax(1) == y).sum().item()
        print('test accuracy', correct/len(train_loader.dataset))
'''],
    'accuracy-wrong': ['''
def accuracy(model, test_loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in test_loader:
            pred = model(x).argmin(1)
            correct += (pred == y).sum().item()
            total += len(y)
    return correct/total
'''],
    'backward-twice': ['''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        loss.backward()
        optimizer.step()
'''],
}

right = ['''
def train(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        X, y = X.to(device), y.to(device)
        pred = model(X)
        loss = loss_fn(pred, y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if batch % 100 == 0:
            loss, current = loss.item(), (batch + 1)*len(X)
            print(f"loss: {loss:>7f}  [{current:>5d}/{size:>5d}]")

def test(dataloader, model, loss_fn):
    size = len(dataloader.dataset)
    num_batches = len(dataloader)
    model.eval()
    test_loss, correct = 0, 0
    with torch.no_grad():
        for X, y in dataloader:
            X, y = X.to(device), y.to(device)
            pred = model(X)
            test_loss += loss_fn(pred, y).item()
            correct += (pred.argmax(1) == y).type(torch.float).sum().item()
    test_loss /= num_batches
    correct /= size
    print(f"Test Error: \\n Accuracy: {(100*correct):>0.1f}%, Avg loss: {test_loss:>8f} \\n")
''', '''
def loss_batch(model, loss_func, xb, yb, opt=None):
    loss = loss_func(model(xb), yb)
    if opt is not None:
        loss.backward()
        opt.step()
        opt.zero_grad()
    return loss.item(), len(xb)

def fit(epochs, model, loss_func, opt, train_dl, valid_dl):
    for epoch in range(epochs):
        model.train()
        for xb, yb in train_dl:
            loss_batch(model, loss_func, xb, yb, opt)
        model.eval()
        with torch.no_grad():
            losses, nums = zip(*[loss_batch(model, loss_func, xb, yb) for xb, yb in valid_dl])
        val_loss = sum(l*n for l, n in zip(losses, nums))/sum(nums)
        print(epoch, val_loss)
''', '''
def mnist_loss(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()

def calc_grad(xb, yb, model):
    preds = model(xb)
    loss = mnist_loss(preds, yb)
    loss.backward()

def batch_accuracy(xb, yb):
    preds = xb.sigmoid()
    correct = (preds > 0.5) == yb
    return correct.float().mean()

def train_epoch(model, lr, params):
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        for p in params:
            p.data -= p.grad*lr
            p.grad.zero_()

def validate_epoch(model):
    accs = [batch_accuracy(model(xb), yb) for xb, yb in valid_dl]
    return round(torch.stack(accs).mean().item(), 4)
''', '''
def fit(epochs, model, loss_func, opt, train_dl, valid_dl):
    for epoch in range(epochs):
        model.train()
        for xb, yb in train_dl:
            loss = loss_func(model(xb), yb)
            loss.backward()
            opt.step()
            opt.zero_grad()
        model.eval()
        with torch.no_grad():
            tot_loss, tot_acc, count = 0., 0., 0
            for xb, yb in valid_dl:
                pred = model(xb)
                n = len(xb)
                count += n
                tot_loss += loss_func(pred, yb).item()*n
                tot_acc += (pred.argmax(dim=1) == yb).float().mean().item()*n
        print(epoch, tot_loss/count, tot_acc/count)
    return tot_loss/count, tot_acc/count
''', '''
def accuracy(y_hat, y):
    if len(y_hat.shape) > 1 and y_hat.shape[1] > 1:
        y_hat = y_hat.argmax(axis=1)
    cmp = y_hat.type(y.dtype) == y
    return float(cmp.type(y.dtype).sum())

def train_epoch_ch3(net, train_iter, loss, updater):
    if isinstance(net, torch.nn.Module):
        net.train()
    metric = [0.0]*3
    for X, y in train_iter:
        y_hat = net(X)
        l = loss(y_hat, y)
        if isinstance(updater, torch.optim.Optimizer):
            updater.zero_grad()
            l.mean().backward()
            updater.step()
        else:
            l.sum().backward()
            updater(X.shape[0])
        metric[0] += float(l.sum())
        metric[1] += accuracy(y_hat, y)
        metric[2] += y.numel()
    return metric[0]/metric[2], metric[1]/metric[2]
''', '''
def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr*param.grad/batch_size
            param.grad.zero_()

def squared_loss(y_hat, y): return (y_hat - y.reshape(y_hat.shape))**2/2

def linreg(X, w, b): return torch.matmul(X, w) + b

def data_iter(batch_size, features, labels):
    for i in range(0, len(features), batch_size):
        yield features[i:i + batch_size], labels[i:i + batch_size]

batch_size, lr = 10, 0.03
features = torch.randn(40, 2)
labels = features @ torch.tensor([[2.], [-3.4]]) + 4.2
w = torch.normal(0, 0.01, size=(2, 1), requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for epoch in range(3):
    for X, y in data_iter(batch_size, features, labels):
        l = squared_loss(linreg(X, w, b), y)
        l.sum().backward()
        sgd([w, b], lr, batch_size)
    with torch.no_grad():
        train_l = squared_loss(linreg(features, w, b), labels)
        print(f'epoch {epoch + 1}, loss {float(train_l.mean()):f}')
''', '''
def train(args, model, device, train_loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        output = model(data)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        if batch_idx % args.log_interval == 0:
            print('Train Epoch: {} [{}/{}]\\tLoss: {:.6f}'.format(
                epoch, batch_idx*len(data), len(train_loader.dataset), loss.item()))
            if args.dry_run:
                break

def test(model, device, test_loader):
    model.eval()
    test_loss = 0
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            data, target = data.to(device), target.to(device)
            output = model(data)
            test_loss += F.nll_loss(output, target, reduction='sum').item()
            pred = output.argmax(dim=1, keepdim=True)
            correct += pred.eq(target.view_as(pred)).sum().item()
    test_loss /= len(test_loader.dataset)
    print('Test set: Average loss: {:.4f}, Accuracy: {}/{} ({:.0f}%)'.format(
        test_loss, correct, len(test_loader.dataset), 100.*correct/len(test_loader.dataset)))
''', '''
def train_model(model, dataloaders, dataset_sizes, criterion, optimizer, scheduler, num_epochs=25):
    best_acc = 0.0
    for epoch in range(num_epochs):
        for phase in ['train', 'val']:
            model.train() if phase == 'train' else model.eval()
            running_loss, running_corrects = 0.0, 0
            for inputs, labels in dataloaders[phase]:
                optimizer.zero_grad()
                with torch.set_grad_enabled(phase == 'train'):
                    outputs = model(inputs)
                    _, preds = torch.max(outputs, 1)
                    loss = criterion(outputs, labels)
                    if phase == 'train':
                        loss.backward()
                        optimizer.step()
                running_loss += loss.item()*inputs.size(0)
                running_corrects += torch.sum(preds == labels.data)
            if phase == 'train':
                scheduler.step()
            epoch_loss = running_loss/dataset_sizes[phase]
            epoch_acc = running_corrects.double()/dataset_sizes[phase]
            print(f'{phase} Loss: {epoch_loss:.4f} Acc: {epoch_acc:.4f}')
            if phase == 'val' and epoch_acc > best_acc: best_acc = epoch_acc
    return model
''', '''
class Trainer:
    def __init__(self, model, train_dl, valid_dl, loss_fn, lr=1e-2, device='cpu'):
        self.model, self.train_dl, self.valid_dl, self.loss_fn = model, train_dl, valid_dl, loss_fn
        self.optimizer, self.device = optim.AdamW(model.parameters(), lr=lr, weight_decay=0.1), device

    def train_epoch(self):
        self.model.train()
        total = 0.
        for x, y in self.train_dl:
            x, y = x.to(self.device), y.to(self.device)
            self.optimizer.zero_grad(set_to_none=True)
            loss = self.loss_fn(self.model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            total += loss.item()*len(x)
        return total/len(self.train_dl.dataset)

    @torch.no_grad()
    def evaluate(self):
        self.model.eval()
        hits = sum((self.model(x.to(self.device)).argmax(-1).cpu() == y).sum().item() for x, y in self.valid_dl)
        return hits/len(self.valid_dl.dataset)

    def fit(self, epochs):
        for epoch in range(epochs): print(self.train_epoch(), self.evaluate())
''', '''
def train(model, train_loader, optimizer, criterion, scaler, accum_steps):
    model.train()
    optimizer.zero_grad()
    for i, (x, y) in enumerate(train_loader):
        with torch.autocast('cpu', enabled=False):
            loss = criterion(model(x), y)/accum_steps
        scaler.scale(loss).backward()
        if (i + 1) % accum_steps == 0 or (i + 1) == len(train_loader):
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
''', '''
def train_epoch(model, dataloader, optimizer, scheduler, loss_function):
    total = 0
    model.train()
    for batch in dataloader:
        images, labels = batch['image'], batch['label']
        optimizer.zero_grad()
        loss = loss_function(model(images), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()*images.shape[0]
    scheduler.step()
    return total/len(dataloader.dataset)
''', '''
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.LBFGS(model.parameters(), lr=0.1)
X = torch.randn(30, 2)
Y = X[:, :1]*X[:, 1:]
for step in range(5):
    def closure():
        opt.zero_grad()
        loss = F.mse_loss(model(X), Y)
        loss.backward()
        return loss
    opt.step(closure)
''', '''
D = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(), nn.Linear(8, 1))
G = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 6))
opt_d, opt_g = optim.Adam(D.parameters(), 1e-3), optim.Adam(G.parameters(), 1e-3)
data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(22, 6), torch.zeros(22)), 4)
for real, _ in data:
    n = len(real)
    fake = G(torch.randn(n, 4))
    d_loss = F.binary_cross_entropy_with_logits(D(real), torch.ones(n, 1)) + \\
        F.binary_cross_entropy_with_logits(D(fake.detach()), torch.zeros(n, 1))
    opt_d.zero_grad()
    d_loss.backward()
    opt_d.step()
    opt_g.zero_grad()
    F.binary_cross_entropy_with_logits(D(fake), torch.ones(n, 1)).backward()
    opt_g.step()
''', '''
def train(net, train_loader, epochs):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, epochs=epochs, steps_per_epoch=len(train_loader))
    history = []
    for epoch in range(epochs):
        net.train()
        seen, summed = 0, 0.
        for x, y in train_loader:
            loss = F.cross_entropy(net(x), y, label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            summed += loss.item()*len(y)
            seen += len(y)
        history.append(summed/seen)
    return history
''', '''
def evaluate(model, loader, threshold=0.5):
    model.eval()
    n = ok = 0
    with torch.no_grad():
        for features, labels in loader:
            probs = torch.sigmoid(model(features)).squeeze(1)
            ok += ((probs > threshold) == labels.bool()).sum().item()
            n += labels.shape[0]
    return {'accuracy': ok/n}
''', '''
def train(model, dataloader, optimizer):
    model.train()
    losses = []
    for features, labels in dataloader:
        optimizer.zero_grad()
        out = model(features).squeeze(1)
        loss = F.binary_cross_entropy_with_logits(out, labels.float())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses)/len(losses)  # roughly: the mean of the batches
''', '''
x = torch.linspace(-3, 3, 64)
y = torch.sin(x)
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
for t in range(50):
    y_pred = a + b*x + c*x**2 + d*x**3
    loss = (y_pred - y).pow(2).sum()
    if t % 20 == 19: print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, d):
            p -= 1e-4*p.grad
            p.grad = None
''', '''
N, D_in, H, D_out = 16, 10, 8, 2
x, y = torch.randn(N, D_in), torch.randn(N, D_out)
model = torch.nn.Sequential(torch.nn.Linear(D_in, H), torch.nn.ReLU(), torch.nn.Linear(H, D_out))
loss_fn = torch.nn.MSELoss(reduction='sum')
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for t in range(30):
    y_pred = model(x)
    loss = loss_fn(y_pred, y)
    if t % 10 == 9: print(t, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
''', '''
def train(epoch):
    net.train()
    train_loss = correct = total = 0
    for batch_idx, (inputs, targets) in enumerate(trainloader):
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
        _, predicted = outputs.max(1)
        total += targets.size(0)
        correct += predicted.eq(targets).sum().item()
        print('Loss: %.3f | Acc: %.3f%% (%d/%d)' % (train_loss/(batch_idx + 1), 100.*correct/total, correct, total))

def test(epoch):
    global best_acc
    net.eval()
    test_loss = correct = total = 0
    with torch.no_grad():
        for batch_idx, (inputs, targets) in enumerate(testloader):
            outputs = net(inputs)
            test_loss += criterion(outputs, targets).item()
            _, predicted = outputs.max(1)
            total += targets.size(0)
            correct += predicted.eq(targets).sum().item()
    acc = 100.*correct/total
    if acc > best_acc:
        torch.save({'net': net.state_dict(), 'acc': acc}, 'ckpt.pth')
        best_acc = acc
''', '''
class LitNet(nn.Module):
    def __init__(self, n_in=6, n_out=3):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(n_in, 16), nn.ReLU(), nn.Linear(16, n_out))
    def forward(self, x): return self.net(x)
    def fit(self, train_loader, epochs=3, lr=0.1):
        opt = torch.optim.SGD(self.parameters(), lr)
        for _ in range(epochs):
            for xb, yb in train_loader:
                loss = F.cross_entropy(self(xb), yb)
                opt.zero_grad()
                loss.backward()
                opt.step()
        return self
''', '''
def train_step(model, data_loader, loss_fn, optimizer, accuracy_fn, device):
    train_loss, train_acc = 0, 0
    model.to(device)
    for batch, (X, y) in enumerate(data_loader):
        y_pred = model(X)
        loss = loss_fn(y_pred, y)
        train_loss += loss.item()
        train_acc += (y_pred.argmax(dim=1) == y).sum().item()/len(y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    train_loss /= len(data_loader)
    train_acc /= len(data_loader)
    return train_loss, train_acc
''', '''
def train(model, train_loader, opt, loss_fn, epochs, freeze_bn=True):
    for epoch in range(epochs):
        model.train()
        for m in model.modules():
            if isinstance(m, nn.BatchNorm1d): m.eval()
        for x, y in train_loader:
            loss = loss_fn(model(x), y) + 1e-4*sum(p.pow(2).sum() for p in model.parameters())
            opt.zero_grad()
            loss.backward()
            opt.step()
''', '''
def train_loop(model, loader, optimizer, n_epochs=3, patience=2):
    best, bad = float('inf'), 0
    for epoch in range(n_epochs):
        model.train()
        for X, Y in loader:
            optimizer.zero_grad()
            out = model(X)
            loss = F.mse_loss(out, Y)
            loss.backward()
            optimizer.step()
        if loss.item() < best: best, bad = loss.item(), 0
        else:
            bad += 1
            if bad > patience: break
''', '''
def test(net, testloader):
    correct = 0
    total = 0
    net.eval()
    with torch.no_grad():
        for data in testloader:
            images, labels = data
            outputs = net(images)
            _, predicted = torch.max(outputs.data, 1)
            total += labels.size(0)
            correct += (predicted == labels).sum().item()
    print(f'Accuracy of the network on the test images: {100*correct//total} %')
''', '''
def train(net, trainloader, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    for epoch in range(epochs):
        running_loss = 0.0
        for i, data in enumerate(trainloader, 0):
            inputs, labels = data
            optimizer.zero_grad()
            outputs = net(inputs)
            loss = criterion(outputs, labels)
            loss.backward()
            optimizer.step()
            running_loss += loss.item()
            if i % 2000 == 1999:
                print(f'[{epoch + 1}, {i + 1:5d}] loss: {running_loss/2000:.3f}')
                running_loss = 0.0
''']

wrong = {slug: [_file(text) for text in texts] for slug, texts in wrong.items()}
right = [_file(text) for text in right]
