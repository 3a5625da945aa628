"""Training and evaluation loops as people write them, as texts of files: wrong ones by their slugs, and right ones.

They are in other words than what they were made after: bugs that issues describe, and loops of public tutorials."""

_head = ('import torch\nfrom torch import nn, optim\nimport torch.nn.functional as F\n'
         'from torch.utils.data import DataLoader, TensorDataset\n\n')


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
    'loss-func-ignored': ['''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
''', '''
class Trainer:
    def __init__(self, model, optimizer, loss_fn):
        self.model, self.optimizer = model, optimizer
        self.loss_fn = loss_fn

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            F.mse_loss(self.model(x), y).backward()
            self.optimizer.step()
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
def train_epoch(net, iterator, optimizer, criterion):
    net.eval()
    for x, y in iterator:
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()
''', '''
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
    'stale-gradient': ['''
def train(model, loader, optimizer, criterion):
    model.train()
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        if i > 0: optimizer.step()
        optimizer.zero_grad()
        loss.backward()
''', '''
X, Y = torch.randn(32, 5), torch.randint(0, 3, (32,))
dl = DataLoader(TensorDataset(X, Y), batch_size=8)
net = nn.Linear(5, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
waiting = False
for xb, yb in dl:
    loss = F.cross_entropy(net(xb), yb)
    if waiting:
        opt.step()
        opt.zero_grad()
    loss.backward()
    waiting = True
opt.step()
'''],
    'sigmoid-twice': ['''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        optimizer.zero_grad()
        probs = torch.sigmoid(model(x))
        F.binary_cross_entropy_with_logits(probs, y).backward()
        optimizer.step()
''', '''
def fit(net, dl, opt, epochs):
    loss_fn = nn.BCEWithLogitsLoss()
    for _ in range(epochs):
        for xb, yb in dl:
            p = net(xb).squeeze(1).sigmoid()
            loss = loss_fn(p, yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
'''],
    'first-batch-skipped': ['''
def train(model, train_loader, optimizer, criterion):
    model.train()
    batches = iter(train_loader)
    images, labels = next(batches)
    print('a batch has', images.shape)
    for x, y in batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
def train_epoch(net, loader, opt):
    for i, (x, y) in enumerate(loader):
        if i < 1: continue
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
'''],
    'last-batch-dropped': ['''
def train(model, train_loader, optimizer, criterion):
    for i, (x, y) in enumerate(train_loader):
        if i == len(train_loader) - 1: break
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
def fit(net, dl, opt):
    batches = iter(dl)
    for _ in range(len(dl) - 1):
        x, y = next(batches)
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
'''],
    'batch-used-twice': ['''
def train(model, train_loader, optimizer, criterion):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        print(loss.item())
''', '''
def step(net, opt, x, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(x), y)
    loss.backward()
    opt.step()
    return loss.item()

def train(net, loader, opt):
    total = 0.
    for x, y in loader:
        step(net, opt, x, y)
        total += step(net, opt, x, y)*len(x)
    return total/len(loader.dataset)
'''],
    'one-update-per-epoch': ['''
def train(model, train_loader, optimizer, criterion):
    optimizer.zero_grad()
    for x, y in train_loader:
        criterion(model(x), y).backward()
    optimizer.step()
''', '''
def train_epoch(net, dl, lr):
    for xb, yb in dl: F.cross_entropy(net(xb), yb).backward()
    with torch.no_grad():
        for p in net.parameters():
            p -= lr*p.grad
            p.grad.zero_()
'''],
    'epochs-ignored': ['''
def fit(net, loader, optimizer, num_epochs=20):
    history = []
    for epoch in range(num_epochs):
        net.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
        history.append(loss.item())
        return history
'''],
    'generator-used-up': ['''
inputs = torch.randn(64, 5)
targets = inputs.sum(1, keepdim=True)
net = nn.Linear(5, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
pairs = zip(inputs.split(8), targets.split(8))
for epoch in range(10):
    for x, y in pairs:
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()
'''],
    'no-grad-missing': ['''
def evaluate(model, test_loader):
    model.eval()
    correct = 0
    for x, y in test_loader: correct += (model(x).argmax(1) == y).sum().item()
    return correct/len(test_loader.dataset)
''', '''
def validate(net, valid_dl, criterion):
    net.eval()
    total = n = 0
    for x, y in valid_dl:
        total += criterion(net(x), y).item()*len(x)
        n += len(x)
    return total/n
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

more_right = ['''
from torchvision import datasets, transforms
train_data = datasets.MNIST('data', train=True, download=True, transform=transforms.ToTensor())
test_data = datasets.MNIST('data', train=False, transform=transforms.ToTensor())
train_loader = torch.utils.data.DataLoader(train_data, batch_size=64, shuffle=True)
test_loader = torch.utils.data.DataLoader(test_data, batch_size=1000)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.drop = nn.Dropout2d(0.25)
        self.fc = nn.Linear(4*13*13, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        return self.fc(torch.flatten(self.drop(x), 1))

device = 'cuda' if torch.cuda.is_available() else 'cpu'
model = Net().to(device)
optimizer = optim.Adam(model.parameters(), lr=1e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(5):
    model.train()
    running = 0.0
    for images, labels in train_loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        running += loss.item()*images.size(0)
    model.eval()
    correct = 0
    with torch.no_grad():
        for images, labels in test_loader:
            correct += (model(images.to(device)).argmax(1).cpu() == labels).sum().item()
    print(f'epoch {epoch} loss {running/len(train_loader.dataset):.4f} acc {correct/len(test_loader.dataset):.4f}')
''', '''
class AverageMeter:
    def __init__(self): self.reset()
    def reset(self): self.val = self.avg = self.sum = self.count = 0
    def update(self, val, n=1):
        self.val = val
        self.sum += val*n
        self.count += n
        self.avg = self.sum/self.count

def accuracy(output, target, topk=(1,)):
    maxk = max(topk)
    _, pred = output.topk(maxk, 1, True, True)
    pred = pred.t()
    correct = pred.eq(target.view(1, -1).expand_as(pred))
    return [correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0/target.size(0)) for k in topk]

def train(train_loader, model, criterion, optimizer, epoch, args):
    losses, top1 = AverageMeter(), AverageMeter()
    model.train()
    for i, (images, target) in enumerate(train_loader):
        output = model(images)
        loss = criterion(output, target)
        acc1, = accuracy(output, target)
        losses.update(loss.item(), images.size(0))
        top1.update(acc1[0].item(), images.size(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if i % args.print_freq == 0:
            print(f'Loss {losses.val:.4f} ({losses.avg:.4f}) Acc@1 {top1.val:6.2f} ({top1.avg:6.2f})')
    return losses.avg, top1.avg

def validate(val_loader, model, criterion, args):
    losses, top1 = AverageMeter(), AverageMeter()
    model.eval()
    with torch.no_grad():
        for i, (images, target) in enumerate(val_loader):
            output = model(images)
            loss = criterion(output, target)
            acc1, = accuracy(output, target)
            losses.update(loss.item(), images.size(0))
            top1.update(acc1[0].item(), images.size(0))
    return top1.avg
''', '''
import copy
def fit(net, loaders, criterion, opt, n_epochs, device):
    best, best_state = 0., None
    history = {'train_loss': [], 'val_acc': []}
    for epoch in range(1, n_epochs + 1):
        net.train()
        loss_sum = n = 0
        for batch in loaders['train']:
            x, y = batch[0].to(device), batch[1].to(device)
            opt.zero_grad(set_to_none=True)
            out = net(x)
            loss = criterion(out, y)
            loss.backward()
            opt.step()
            loss_sum += loss.item()*y.shape[0]
            n += y.shape[0]
        history['train_loss'].append(loss_sum/n)
        net.eval()
        preds, truth = [], []
        with torch.inference_mode():
            for x, y in loaders['val']:
                preds.append(net(x.to(device)).argmax(-1).cpu())
                truth.append(y)
        acc = (torch.cat(preds) == torch.cat(truth)).float().mean().item()
        history['val_acc'].append(acc)
        if acc > best: best, best_state = acc, copy.deepcopy(net.state_dict())
    if best_state is not None: net.load_state_dict(best_state)
    return history
''', '''
class Learner:
    def __init__(self, model, dls, loss_func, lr, opt_func=optim.SGD):
        self.model, self.dls, self.loss_func, self.lr, self.opt_func = model, dls, loss_func, lr, opt_func

    def one_batch(self):
        self.xb, self.yb = self.batch
        self.preds = self.model(self.xb)
        self.loss = self.loss_func(self.preds, self.yb)
        if self.model.training:
            self.loss.backward()
            self.opt.step()
            self.opt.zero_grad()
        with torch.no_grad(): self.calc_stats()

    def calc_stats(self):
        acc = (self.preds.argmax(dim=1) == self.yb).float().sum()
        self.accs.append(acc)
        n = len(self.xb)
        self.losses.append(self.loss*n)
        self.ns.append(n)

    def one_epoch(self, train):
        self.model.training = train
        dl = self.dls.train if train else self.dls.valid
        for self.num, self.batch in enumerate(dl): self.one_batch()
        n = sum(self.ns)
        print(self.epoch, self.model.training, sum(self.losses).item()/n, sum(self.accs).item()/n)

    def fit(self, n_epochs):
        self.accs, self.losses, self.ns = [], [], []
        self.model.to('cpu')
        self.opt = self.opt_func(self.model.parameters(), self.lr)
        self.n_epochs = n_epochs
        for self.epoch in range(n_epochs):
            self.one_epoch(True)
            with torch.no_grad(): self.one_epoch(False)
''', '''
def train(x_train, y_train, model, optimizer, loss_fn, batch_size, epochs):
    n = x_train.shape[0]
    for epoch in range(epochs):
        perm = torch.randperm(n)
        for i in range(0, n, batch_size):
            idx = perm[i:i + batch_size]
            xb, yb = x_train[idx], y_train[idx]
            loss = loss_fn(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
''', '''
import copy
def train_with_ema(model, train_loader, optimizer, loss_fn, epochs, decay=0.99):
    ema = copy.deepcopy(model)
    for _ in range(epochs):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            nn.utils.clip_grad_value_(model.parameters(), 0.5)
            optimizer.step()
            with torch.no_grad():
                for pe, p in zip(ema.parameters(), model.parameters()): pe.mul_(decay).add_(p, alpha=1 - decay)
    return ema
''', '''
class BasicOptim:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self, *args, **kwargs):
        for p in self.params: p.data -= p.grad.data*self.lr
    def zero_grad(self, *args, **kwargs):
        for p in self.params: p.grad = None

linear_model = nn.Linear(6, 1)
opt = BasicOptim(linear_model.parameters(), 0.1)

def train_epoch(model):
    for xb, yb in dl:
        preds = model(xb)
        loss = F.mse_loss(preds, yb)
        loss.backward()
        opt.step()
        opt.zero_grad()

def train_model(model, epochs):
    for i in range(epochs):
        train_epoch(model)
''', '''
def validate(model, loader, criterion, device="cpu"):
    model.eval()
    torch.set_grad_enabled(False)
    total_loss = total_correct = total = 0
    for inputs, targets in loader:
        inputs = inputs.to(device); targets = targets.to(device)
        logits = model(inputs)
        total_loss += criterion(logits, targets)*inputs.size(0)
        total_correct += torch.sum(torch.argmax(logits, dim=1) == targets)
        total += inputs.size(0)
    torch.set_grad_enabled(True)
    return (total_loss/total).item(), (total_correct.double()/total).item()
''', '''
def main():
    parser = __import__('argparse').ArgumentParser()
    parser.add_argument('--epochs', type=int, default=2)
    args = parser.parse_args()
    import torchvision
    data = torchvision.datasets.CIFAR10('./data', download=True)
    loader = torch.utils.data.DataLoader(data, batch_size=32)
    model = nn.Sequential(nn.Flatten(), nn.Linear(3*32*32, 10))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    for epoch in range(args.epochs):
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()

if __name__ == '__main__':
    main()
''', '''
if __name__ == '__main__':
    X = torch.randn(50, 4)
    Y = (X.sum(1) > 0).float().unsqueeze(1)
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
    optimizer = torch.optim.RMSprop(model.parameters())
    criterion = nn.BCELoss()
    for epoch in range(20):
        out = model(X)
        loss = criterion(out, Y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        acc = ((out > 0.5).float() == Y).float().mean()
        if epoch % 5 == 0: print(epoch, loss.item(), acc.item())
''', '''
from tqdm import tqdm
def train(model, dataloader, optimizer, criterion, device, epochs):
    model.train()
    for epoch in tqdm(range(epochs)):
        pbar = tqdm(dataloader, desc=f'epoch {epoch}', leave=False)
        total, seen = 0., 0
        for step, (feats, lbls) in enumerate(pbar, start=1):
            optimizer.zero_grad()
            logits = model(feats.to(device))
            loss = criterion(logits, lbls.to(device))
            loss.backward()
            optimizer.step()
            total += loss.detach().item()
            seen += 1
            pbar.set_postfix(loss=f'{total/seen:.3f}')
''', '''
def evaluate(net, data_iter, device=None):
    if isinstance(net, nn.Module):
        net.eval()
    acc_sum, n = 0.0, 0
    with torch.no_grad():
        for X, y in data_iter:
            acc_sum += (net(X).argmax(dim=1) == y).float().sum().cpu().item()
            n += y.shape[0]
    net.train()
    return acc_sum/n

def train_ch5(net, train_iter, test_iter, batch_size, optimizer, device, num_epochs):
    net = net.to(device)
    loss = torch.nn.CrossEntropyLoss()
    for epoch in range(num_epochs):
        train_l_sum, train_acc_sum, n, batch_count = 0.0, 0.0, 0, 0
        for X, y in train_iter:
            y_hat = net(X)
            l = loss(y_hat, y)
            optimizer.zero_grad()
            l.backward()
            optimizer.step()
            train_l_sum += l.cpu().item()
            train_acc_sum += (y_hat.argmax(dim=1) == y).sum().cpu().item()
            n += y.shape[0]
            batch_count += 1
        test_acc = evaluate(net, test_iter)
        print('epoch %d, loss %.4f, train acc %.3f, test acc %.3f' %
              (epoch + 1, train_l_sum/batch_count, train_acc_sum/n, test_acc))
''', '''
@torch.no_grad()
def estimate_loss(model, loaders, criterion):
    out = {}
    model.eval()
    for split in ('train', 'val'):
        losses, weights = [], []
        for xb, yb in loaders[split]:
            losses.append(criterion(model(xb), yb).item())
            weights.append(len(xb))
        out[split] = sum(a*b for a, b in zip(losses, weights))/sum(weights)
    model.train()
    return out
''', '''
def train(model, optimizer, train_loader, val_loader, epochs, patience=5):
    loss_fn = nn.MSELoss()
    best, wait = float('inf'), 0
    for epoch in range(epochs):
        model.train()
        for xb, yb in train_loader:
            pred = model(xb)
            loss = loss_fn(pred, yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            val = sum(loss_fn(model(xb), yb).item()*len(xb) for xb, yb in val_loader)/len(val_loader.dataset)
        if val < best - 1e-4: best, wait = val, 0
        else:
            wait += 1
            if wait >= patience: break
    return best
''', '''
def train(model, loader, epochs, lr):
    params = [p for p in model.parameters() if p.requires_grad]
    velocity = [torch.zeros_like(p) for p in params]
    for epoch in range(epochs):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            grads = torch.autograd.grad(loss, params)
            with torch.no_grad():
                for p, g, v in zip(params, grads, velocity):
                    v.mul_(0.9).add_(g)
                    p.sub_(lr*v)
''', '''
backbone, head = nn.Linear(6, 5), nn.Linear(5, 3)
data = torch.utils.data.TensorDataset(torch.randn(22, 6), torch.randint(0, 3, (22,)))
loader = torch.utils.data.DataLoader(data, batch_size=4)
opt = optim.Adam(head.parameters(), lr=1e-3)
for x, y in loader:
    with torch.no_grad(): feats = backbone(x)
    loss = F.cross_entropy(head(feats), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
''', '''
def train(model, iterator, optimizer, criterion, clip):
    model.train()
    epoch_loss = 0
    for i, batch in enumerate(iterator):
        src, trg = batch
        optimizer.zero_grad()
        output = model(src)
        loss = criterion(output, trg)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        epoch_loss += loss.item()
    return epoch_loss/len(iterator)
''', '''
def train(model, train_loader, optimizer, epoch, log_interval=10):
    model.train()
    correct = 0
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.view(-1, 28*28), target
        optimizer.zero_grad()
        output = F.log_softmax(model(data), dim=1)
        loss = F.nll_loss(output, target)
        loss.backward()
        optimizer.step()
        pred = output.data.max(1, keepdim=True)[1]
        correct += pred.eq(target.data.view_as(pred)).cpu().sum()
    print('Train accuracy: {:.2f}%'.format(100.*correct/len(train_loader.dataset)))
''', '''
def step(model, batch, criterion):
    x, y = batch
    return criterion(model(x), y)

class Trainer:
    def __init__(self, cfg, model, train_loader, val_loader):
        self.cfg, self.model = cfg, model
        self.train_loader, self.val_loader = train_loader, val_loader
        self.optimizer = torch.optim.SGD(model.parameters(), lr=cfg['lr'], momentum=0.9)
        self.criterion = nn.CrossEntropyLoss()
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, T_max=cfg['epochs'])

    def run(self):
        for epoch in range(self.cfg['epochs']):
            self._train_one_epoch(epoch)
            self._validate(epoch)
            self.scheduler.step()

    def _train_one_epoch(self, epoch):
        self.model.train()
        for batch in self.train_loader:
            loss = step(self.model, batch, self.criterion)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    @torch.no_grad()
    def _validate(self, epoch):
        self.model.eval()
        total, n = 0., 0
        for x, y in self.val_loader:
            total += self.criterion(self.model(x), y).item()*len(x)
            n += len(x)
        return total/n
''']

still_more_right = ['''
def train(student, teacher, train_loader, optimizer, T=2.0, alpha=0.5):
    teacher.eval()
    student.train()
    for x, y in train_loader:
        with torch.no_grad(): t = teacher(x)
        s = student(x)
        soft = F.kl_div(F.log_softmax(s/T, dim=1), F.softmax(t/T, dim=1), reduction='batchmean')*T*T
        loss = alpha*soft + (1 - alpha)*F.cross_entropy(s, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def evaluate(model, loader):
    model.eval()
    correct = 0
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            pred = torch.round(torch.sigmoid(out))
            correct += (pred == y).sum().item()
    return 100*correct/len(loader.dataset)
''', '''
def test_loop(model, loader):
    model.eval()
    mae, n = 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            mae += (model(x) - y).abs().sum().item()
            n += y.numel()
    return mae/n
''', '''
def predict(model, loader):
    model.eval()
    out = []
    with torch.no_grad():
        for x, _ in loader: out.append(model(x).softmax(1).cpu())
    return torch.cat(out)
''', '''
def train(model, loader, optimizer, criterion, epochs):
    step = 0
    for epoch in range(epochs):
        running = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            running += loss.item()
            step += 1
            if step % 3 == 0:
                print(f'step {step}: loss {running/3:.4f}')
                running = 0.0
''', '''
def train(model, loader, opt):
    model.train()
    losses = []
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(loss)
    return torch.stack([l.detach() for l in losses]).mean()
''', '''
def train_sam(model, loader, optimizer, rho=0.05):
    for x, y in loader:
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            eps = [rho*p.grad/(p.grad.norm() + 1e-12) for p in model.parameters()]
            for p, e in zip(model.parameters(), eps): p.add_(e)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, e in zip(model.parameters(), eps): p.sub_(e)
        optimizer.step()
        optimizer.zero_grad()
''', '''
class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 6))
    def forward(self, z): return self.net(z)

class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
    def forward(self, x): return self.net(x)

G, D = Generator(), Discriminator()
loader = DataLoader(TensorDataset(torch.randn(26, 6)), batch_size=4)
og, od = optim.Adam(G.parameters(), 2e-4, betas=(.5, .999)), optim.Adam(D.parameters(), 2e-4)
criterion = nn.BCELoss()
for epoch in range(2):
    for i, (real,) in enumerate(loader):
        D.zero_grad()
        label = torch.ones(len(real))
        output = D(real).view(-1)
        errD_real = criterion(output, label)
        errD_real.backward()
        fake = G(torch.randn(len(real), 4))
        label = torch.zeros(len(real))
        output = D(fake.detach()).view(-1)
        errD_fake = criterion(output, label)
        errD_fake.backward()
        od.step()
        G.zero_grad()
        output = D(fake).view(-1)
        errG = criterion(output, torch.ones(len(real)))
        errG.backward()
        og.step()
''', '''
def fit(model, train_dl, valid_dl, opt, sched, loss_fn, epochs, accumulate=2):
    for ep in range(epochs):
        model.train()
        opt.zero_grad()
        for i, (xb, yb) in enumerate(train_dl):
            loss = loss_fn(model(xb), yb)
            (loss/accumulate).backward()
            if (i + 1) % accumulate == 0 or i + 1 == len(train_dl):
                nn.utils.clip_grad_norm_(model.parameters(), 1.)
                opt.step()
                opt.zero_grad()
        sched.step()
        model.eval()
        with torch.inference_mode():
            tl = sum(loss_fn(model(xb), yb)*len(xb) for xb, yb in valid_dl)/len(valid_dl.dataset)
        print(f'{ep}: valid loss {tl:.4f}, lr {sched.get_last_lr()[0]:.5f}')
''', '''
def get_accuracy(model, data, batch_size=4):
    correct, total = 0, 0
    model.eval()
    for xs, ts in DataLoader(data, batch_size=batch_size):
        zs = model(xs)
        pred = zs.max(1, keepdim=True)[1]
        correct += pred.eq(ts.view_as(pred)).sum().item()
        total += int(ts.shape[0])
    return correct/total
''', '''
def train(model, train_data, valid_data, batch_size=4, num_iters=1, learn_rate=0.01):
    train_loader = DataLoader(train_data, batch_size=batch_size, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=learn_rate, momentum=0.9)
    iters, losses = [], []
    n = 0
    for epoch in range(2):
        for xs, ts in iter(train_loader):
            model.train()
            loss = criterion(model(xs), ts)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(float(loss)/batch_size)
            n += 1
''', '''
def train(net, train_iter, lr, num_epochs, device):
    def init_weights(m):
        if type(m) == nn.Linear: nn.init.xavier_uniform_(m.weight)
    net.apply(init_weights)
    net.to(device)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    loss = nn.CrossEntropyLoss(reduction='none')
    for epoch in range(num_epochs):
        net.train()
        for i, (X, y) in enumerate(train_iter):
            optimizer.zero_grad()
            l = loss(net(X), y)
            l.mean().backward()
            optimizer.step()
''', '''
def train_mixup(model, loader, opt, alpha=0.4):
    model.train()
    for x, y in loader:
        lam = torch.distributions.Beta(alpha, alpha).sample().item()
        perm = torch.randperm(len(x))
        out = model(lam*x + (1 - lam)*x[perm])
        loss = lam*F.cross_entropy(out, y) + (1 - lam)*F.cross_entropy(out, y[perm])
        opt.zero_grad()
        loss.backward()
        opt.step()
''', '''
from torch.optim.swa_utils import AveragedModel
def train(model, loader, optimizer, loss_fn, swa_start=1, epochs=2):
    swa_model = AveragedModel(model)
    for epoch in range(epochs):
        for input, target in loader:
            optimizer.zero_grad()
            loss_fn(model(input), target).backward()
            optimizer.step()
        if epoch > swa_start: swa_model.update_parameters(model)
    torch.optim.swa_utils.update_bn(loader, swa_model)
''', '''
def train(model, loader, optimizer, max_batches=3):
    model.train()
    for i, (x, y) in enumerate(loader):
        if i >= max_batches: break
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
''', '''
def check_accuracy(loader, model):
    num_correct = num_samples = 0
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            x = x.reshape(x.shape[0], -1)
            scores = model(x)
            _, predictions = scores.max(1)
            num_correct += (predictions == y).sum()
            num_samples += predictions.size(0)
    print(f'Got {num_correct} / {num_samples} with accuracy {float(num_correct)/float(num_samples)*100:.2f}')
    model.train()
''', '''
def train(model, train_loader, optimizer, criterion):
    model.train()
    iterator = iter(train_loader)
    for step in range(10):
        try: x, y = next(iterator)
        except StopIteration:
            iterator = iter(train_loader)
            x, y = next(iterator)
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10), nn.LogSoftmax(dim=1))
    def forward(self, x): return self.layers(x.view(x.shape[0], -1))

model = Classifier()
criterion = nn.NLLLoss()
optimizer = optim.Adam(model.parameters(), lr=0.003)
for e in range(2):
    running_loss = 0
    for images, labels in trainloader:
        optimizer.zero_grad()
        log_ps = model(images)
        loss = criterion(log_ps, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    else:
        test_loss = accuracy = 0
        with torch.no_grad():
            model.eval()
            for images, labels in testloader:
                log_ps = model(images)
                test_loss += criterion(log_ps, labels)
                top_p, top_class = torch.exp(log_ps).topk(1, dim=1)
                equals = top_class == labels.view(*top_class.shape)
                accuracy += torch.mean(equals.type(torch.FloatTensor))
        model.train()
        print('Training Loss: {:.3f}.. '.format(running_loss/len(trainloader)),
              'Test Loss: {:.3f}.. '.format(test_loss/len(testloader)),
              'Test Accuracy: {:.3f}'.format(accuracy/len(testloader)))
''']

more_wrong = [
    ('gradients-not-zeroed', '''
from torchvision import datasets, transforms
trainset = datasets.MNIST('d', download=True)
trainloader = DataLoader(trainset, batch_size=32)
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
criterion = nn.CrossEntropyLoss()
opt = optim.SGD(model.parameters(), lr=0.01)
for e in range(3):
    for images, labels in trainloader:
        output = model(images)
        loss = criterion(output, labels)
        loss.backward()
        opt.step()
'''),
    ('gradients-not-zeroed', '''
class Executor:
    def train(self, model, optimizer, data_loader, device, writer, args):
        model.train()
        clip = args.get('grad_clip', 50.0)
        for batch_idx, batch in enumerate(data_loader):
            feats, target = batch
            logits = model(feats.to(device))
            loss = F.cross_entropy(logits, target.to(device))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            writer.add_scalar('loss', loss.item(), batch_idx)
'''),
    ('gradients-not-zeroed', '''
import numpy as np
w = torch.tensor([0.0], requires_grad=True)
x_data, y_data = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
def forward(x): return x*w
def loss(x, y): return (forward(x) - y)**2
for epoch in range(5):
    for x_val, y_val in zip(x_data, y_data):
        l = loss(x_val, y_val)
        l.backward()
        w.data = w.data - 0.01*w.grad.data
'''),
    ('backward-scaled', '''
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.randn(20, 3)
y = x.sum(1, keepdim=True)
for i in range(15):
    loss = F.mse_loss(model(x), y)
    opt.zero_grad()
    loss.backward(loss)
    opt.step()
'''),
    ('only-first-batch', '''
def main(args):
    model = nn.Linear(6, 3)
    train_loader = build_loaders(args)
    optimizer = optim.Adam(model.parameters())
    for epoch in range(3):
        model.train()
        for i, (x, y) in enumerate(train_loader):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            break
'''),
    ('fixed-batch-size', '''
def sgd(params, lr, batch_size):
    for param in params:
        param.data -= lr*param.grad/batch_size

def train_ch3(net, train_iter, loss, num_epochs, batch_size, params, lr):
    for epoch in range(num_epochs):
        for X, y in train_iter:
            l = F.cross_entropy(net(X), y, reduction='sum')
            for p in params:
                if p.grad is not None: p.grad.data.zero_()
            l.backward()
            sgd(params, lr, batch_size)
'''),
    ('divided-by-batch-size', '''
def sgd(params, lr, batch_size):
    for param in params:
        param.data -= lr*param.grad/batch_size

def train_ch3(net, train_iter, num_epochs, batch_size, params, lr):
    for epoch in range(num_epochs):
        for X, y in train_iter:
            l = F.cross_entropy(net(X), y)
            net.zero_grad()
            l.backward()
            sgd(params, lr, batch_size)
'''),
    ('loss-detached', '''
def train(model, metric_fc, trainloader, optimizer):
    criterion = torch.nn.CrossEntropyLoss()
    for ii, data in enumerate(trainloader):
        data_input, label = data
        feature = model(data_input)
        loss = criterion(feature, label)
        loss = torch.autograd.Variable(loss.data, requires_grad=True)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    ('loss-not-differentiable', '''
def train(net, loader, opt):
    for x, y in loader:
        opt.zero_grad()
        pred = torch.argmax(net(x), dim=1).float()
        pred.requires_grad = True
        loss = ((pred - y)**2).mean()
        loss.backward()
        opt.step()
'''),
    ('softmax-twice', '''
class Network(nn.Module):
    def __init__(self):
        super(Network, self).__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.fc = nn.Linear(4*13*13, 6)
    def forward(self, x):
        out = self.conv(x)
        out = out.reshape(-1, 4*13*13)
        out = F.softmax(self.fc(out), dim=1)
        return out

def train(model, optimizer, train_loader, test_loader):
    criterion = nn.CrossEntropyLoss()
    for e in range(2):
        model.train()
        correct, total_loss = 0, 0
        for sample, target in train_loader:
            output = model(sample)
            loss = criterion(output, target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
'''),
    ('labels-broadcast', '''
def train(model, loader, optimizer):
    loss_fn = nn.MSELoss()
    for x, y in loader:
        logits = model(x).squeeze()
        labels = y.reshape(-1, 1)
        loss = loss_fn(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    ('labels-broadcast', '''
def evaluate(data_loader, model, device):
    model.eval()
    hits = n = 0
    with torch.no_grad():
        for samples, targets in data_loader:
            targets = targets.to(device).float().unsqueeze(-1)
            output = (torch.sigmoid(model(samples)) > 0.5).float().flatten()
            hits += (output == targets).sum().item()
            n += len(targets)
    return hits/n
'''),
    ('measured-in-train-mode', '''
class Net(nn.Module):
    def __init__(self, k=3):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, k))
    def forward(self, x): return self.body(x)

net = Net()
opt = optim.Adam(net.parameters(), lr=0.01)
X, Y = torch.randn(60, 5), torch.randint(0, 3, (60,))
train_dl = DataLoader(TensorDataset(X[:40], Y[:40]), batch_size=8, shuffle=True)
test_dl = DataLoader(TensorDataset(X[40:], Y[40:]), batch_size=8)
for epoch in range(2):
    for x, y in train_dl:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    correct = 0
    for x, y in test_dl:
        pred = net(x).max(1)[1]
        correct += pred.eq(y).sum()
    print('accuracy', correct.item()/20)
'''),
    ('graph-kept', '''
def train(env, net, train_loader, opt):
    epoch_loss = 0.
    for inputs, targets in train_loader:
        opt.zero_grad()
        loss = ((net(inputs) - targets)**2).mean()
        loss.backward()
        opt.step()
        epoch_loss = epoch_loss + loss
    print(epoch_loss)
'''),
    ('clipped-after-step', '''
for i in range(2):
    for batch in loader:
        optimizer.zero_grad()
        predictions = model(batch[0])
        loss = F.cross_entropy(predictions, batch[1])
        loss.backward()
        optimizer.step()
        if clip_gradient_norm:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.01)
'''),
    ('accumulation-not-divided', '''
class Trainer:
    def __init__(self, model, loader, gradient_accumulation_steps=4):
        self.model, self.loader, self.k = model, loader, gradient_accumulation_steps
        self.opt = optim.AdamW(model.parameters(), lr=1e-3)
    def train(self):
        self.model.train()
        it = iter(self.loader)
        for step in range(4):
            for micro_step in range(2):
                try: x, y = next(it)
                except StopIteration:
                    it = iter(self.loader)
                    x, y = next(it)
                loss = F.cross_entropy(self.model(x), y)
                loss.backward()
            self.opt.step()
            self.opt.zero_grad(set_to_none=True)
'''),
    ('accumulation-zeroed', '''
def train(model, loader, optimizer, grad_accum):
    model.train()
    for step, (images, labels) in enumerate(loader):
        loss = F.cross_entropy(model(images), labels)/grad_accum
        optimizer.zero_grad()
        loss.backward()
        if (step + 1) % grad_accum == 0 or step + 1 == len(loader):
            optimizer.step()
'''),
    ('optimizer-remade', '''
def train(epoch):
    net.train()
    optimizer = optim.SGD(net.parameters(), lr=learning_rate(lr, epoch), momentum=0.9, weight_decay=5e-4)
    for inputs, targets in trainloader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), targets)
        loss.backward()
        optimizer.step()

def learning_rate(init, epoch): return init*0.5**(epoch//60)
'''),
    ('loss-averaged-wrongly', '''
def train(net, trainloader, optimizer):
    net.train()
    criterion = nn.CrossEntropyLoss()
    running_loss = 0.0
    for x, y in trainloader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    train_loss = running_loss/len(trainloader.dataset)
    print('Training loss: {:.6f}'.format(train_loss))
'''),
    ('loss-averaged-wrongly', '''
model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    train_loss = valid_loss = 0.
    model.train()
    for data, target in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(data), target)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()*data.size(0)
    model.eval()
    with torch.no_grad():
        for data, target in valid_loader:
            loss = criterion(model(data), target)
            valid_loss += loss.item()*data.size(0)
    train_loss = train_loss/len(train_loader)
    valid_loss = valid_loss/len(valid_loader)
    print('Epoch: {} Training Loss: {:.6f} Validation Loss: {:.6f}'.format(epoch, train_loss, valid_loss))
'''),
    ('accuracy-averaged-wrongly', '''
class NewsClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)
    def forward(self, x): return self.fc(x)
    def validate(self, val_loader):
        self.eval()
        acc = 0.
        with torch.no_grad():
            for x, targets in val_loader:
                preds = self(x).argmax(dim=1)
                acc += torch.sum(preds == targets)
        return acc.item()/len(val_loader)
'''),
    ('softmax-over-batch', '''
def make_predictions(model, test_dataloader):
    y_preds, ys = [], []
    model.eval()
    with torch.inference_mode():
        for X, y in test_dataloader:
            y_logit = model(X)
            y_pred = torch.softmax(y_logit, dim=0).argmax(dim=1)
            y_preds.append(y_pred)
            ys.append(y)
    acc = (torch.cat(y_preds) == torch.cat(ys)).float().mean()
    return acc
'''),
    ('measured-on-training-set', '''
def train_net(net, train_loader, test_loader, optimizer, num_epochs=1):
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(num_epochs):
        for x, y in train_loader:
            net.train()
            loss = loss_fn(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            net.eval()
            test_acc = batch_accuracy(train_loader, net)
            print(f'Test Accuracy: {test_acc*100:.2f}%')

def batch_accuracy(loader, net):
    with torch.no_grad():
        total = acc = 0
        net.eval()
        for x, y in loader:
            acc += (net(x).argmax(1) == y).sum().item()
            total += len(y)
    return acc/total
'''),
    ('one-batch-only', '''
def validate_epoch(model):
    model.eval()
    with torch.no_grad():
        accs = [batch_accuracy(model(xb), yb) for i in valid_dl]
    return round(torch.stack(accs).mean().item(), 4)

def batch_accuracy(out, yb): return (out.argmax(1) == yb).float().mean()

valid_dl = DataLoader(TensorDataset(torch.randn(30, 6), torch.randint(0, 3, (30,))), batch_size=8)
xb, yb = next(iter(valid_dl))
'''),
    ('trained-in-eval-mode', '''
class Trainer:
    def __init__(self, model, train_loader, val_loader, criterion, optimizer):
        self.model, self.train_loader, self.val_loader = model, train_loader, val_loader
        self.criterion, self.optimizer = criterion, optimizer
        self.model.train()
    def run(self, epochs):
        for epoch in range(epochs):
            self.train_epoch()
            print(self.evaluate())
    def train_epoch(self):
        for x, y in self.train_loader:
            self.optimizer.zero_grad()
            self.criterion(self.model(x), y).backward()
            self.optimizer.step()
    def evaluate(self):
        self.model.eval()
        total = n = 0
        with torch.no_grad():
            for x, y in self.val_loader:
                total += (self.model(x).argmax(1) == y).sum().item()
                n += len(y)
        return total/n
'''),
    ('step-missing', '''
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X = torch.randn(32, 4)
y = X @ torch.ones(4, 1)
for epoch in range(10):
    optimizer.zero_grad()
    loss = F.mse_loss(model(X), y)
    loss.backward()
    optimizer.step
'''),
    ('optimizer-misses-parameters', '''
old = nn.Linear(4, 1)
optimizer = torch.optim.SGD(old.parameters(), lr=0.1)
model = nn.Linear(4, 1)
X = torch.randn(32, 4)
y = X @ torch.ones(4, 1)
for epoch in range(10):
    optimizer.zero_grad()
    loss = F.mse_loss(model(X), y)
    loss.backward()
    optimizer.step()
'''),
    ('scheduler-each-batch', '''
def train(model, loader, optimizer, scheduler, criterion):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        scheduler.step()
'''),
    ('wrong-sign', '''
def train(model, train_loader, optimizer):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        logp = F.log_softmax(model(x), dim=1)
        loss = logp.gather(1, y[:, None]).mean()
        loss.backward()
        optimizer.step()
'''),
    ('loss-wrong', '''
def my_loss(preds, targets):
    p = preds.softmax(1)
    return p[torch.arange(len(targets)), targets].log().neg().exp().reciprocal().mean()

def train(model, train_loader, optimizer):
    model.train()
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = my_loss(model(x), y)
        loss.backward()
        optimizer.step()
'''),
    ('counted-not-averaged', '''
def test(model, test_loader, device):
    model.eval()
    correct = 0
    with torch.no_grad():
        for data, target in test_loader:
            pred = model(data.to(device)).argmax(dim=1, keepdim=True)
            correct += pred.eq(target.to(device).view_as(pred)).sum().item()
    print('Accuracy: {}'.format(correct))
'''),
    ('last-batch-only', '''
def validate(model, val_loader, loss_fn):
    model.eval()
    with torch.no_grad():
        for x, y in val_loader:
            val_loss = loss_fn(model(x), y).item()
    return val_loss
'''),
    ('trained-while-measuring', '''
def run_epoch(data_iter, model, loss_compute):
    total = tokens = 0
    for x, y in data_iter:
        loss, n = loss_compute(model(x), y)
        total += loss
        tokens += n
    return total/tokens

class LossCompute:
    def __init__(self, criterion, opt=None): self.criterion, self.opt = criterion, opt
    def __call__(self, out, y):
        loss = self.criterion(out, y)
        loss.backward()
        if self.opt is not None:
            self.opt.step()
            self.opt.zero_grad()
        return loss.item()*len(y), len(y)

criterion = nn.CrossEntropyLoss()
def evaluate(model, val_loader):
    model.eval()
    return run_epoch(val_loader, model, LossCompute(criterion, None))
'''),
    ('parameters-rebound', '''
x = torch.randn(30, 1)
y = 2*x + 1
w, b = torch.randn(1, requires_grad=True), torch.zeros(1, requires_grad=True)
for epoch in range(10):
    loss = ((x*w + b - y)**2).mean()
    loss.backward()
    w = w - 0.1*w.grad
    b = b - 0.1*b.grad
'''),
    ('update-under-autograd', '''
x = torch.randn(30, 1)
y = 2*x + 1
w, b = torch.randn(1, requires_grad=True), torch.zeros(1, requires_grad=True)
for epoch in range(10):
    loss = ((x*w + b - y)**2).mean()
    loss.backward()
    w -= 0.1*w.grad
    b -= 0.1*b.grad
'''),
    ('zeroed-too-early', '''
while epoch < num_epochs:
    for inputs, targets in dataloader:
        out = model(inputs)
        loss = criterion(out, targets)
        loss.backward()
        model.zero_grad()
        optimizer.step()
    epoch += 1
'''),
]

for slug, text in more_wrong: wrong.setdefault(slug, []).append(text)

wrong = {slug: [_file(text) for text in texts] for slug, texts in wrong.items()}
right = [_file(text) for text in right + more_right + still_more_right]

# The other side of mistakes that are easily seen where there are none: each loop is right
look_alike = {
    'epochs-ignored': '''
def fit(net, loader, opt, max_epochs):
    for epoch in range(max_epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        if loss > 0.01: continue
        break
''',
    'stale-gradient': '''
def train(model, loader, valid_loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        before = criterion(model(x), y).item()
        optimizer.step()
        print(before)
''',
    'sigmoid-twice': '''
def train(model, train_loader, optimizer):
    for x, y in train_loader:
        logits = model(x)
        hits = ((torch.sigmoid(logits) > 0.5).float() == y).float().mean().item()
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(logits, y).backward()
        optimizer.step()
        print('share of this batch', hits)
''',
    'first-batch-skipped': '''
def train(model, train_loader, optimizer, criterion):
    images, labels = next(iter(train_loader))
    print('a batch has', images.shape)
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''',
    'last-batch-dropped': '''
data = TensorDataset(torch.randn(26, 6), torch.randint(0, 3, (26,)))
loader = DataLoader(data, batch_size=4, drop_last=True)
net = nn.Linear(6, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
''',
    'batch-used-twice': '''
def train(model, train_loader, optimizer, criterion):
    for x, y in train_loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
        with torch.no_grad(): print('after the step', criterion(model(x), y).item())
''',
    'one-update-per-epoch': '''
def train(model, loader, optimizer, n_accumulate):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader, 1):
        (F.cross_entropy(model(x), y)/n_accumulate).backward()
        if i % n_accumulate == 0 or i == len(loader):
            optimizer.step()
            optimizer.zero_grad()
''',
    'no-grad-missing': '''
@torch.inference_mode()
def evaluate(model, test_loader):
    model.eval()
    correct = 0
    for x, y in test_loader: correct += (model(x).argmax(1) == y).sum().item()
    return correct/len(test_loader.dataset)
''',
}
look_alike['optimizer-misses-parameters'] = '''
def train(model, loader, optimizer, eps=0.1):
    for x, y in loader:
        near = x.clone().requires_grad_(True)
        grad, = torch.autograd.grad(F.cross_entropy(model(near), y), near)
        optimizer.zero_grad()
        F.cross_entropy(model((near + eps*grad.sign()).detach()), y).backward()
        optimizer.step()
'''
look_alike = {slug: _file(text) for slug, text in look_alike.items()}

# Rules that ask for more than an order of calls, each with a loop that breaks it and one that does not
by_rule = {
    'a formula that leaves out the rows of a class': ('loss-wrong', '''
def train(model, loader, optimizer):
    for x, y in loader:
        p = torch.sigmoid(model(x))
        loss = -(y*torch.log(p)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer):
    for x, y in loader:
        p = torch.sigmoid(model(x))
        loss = -(y*torch.log(p) + (1 - y)*torch.log(1 - p)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    'a formula that averages over the classes too': ('loss-wrong', '''
def train(model, loader, optimizer):
    for x, y in loader:
        log_probs = model(x).log_softmax(1)
        loss = -(F.one_hot(y, log_probs.shape[1])*log_probs).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer):
    for x, y in loader:
        log_probs = model(x).log_softmax(1)
        loss = -(F.one_hot(y, log_probs.shape[1])*log_probs).sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    'one of several optimizers does not zero': ('gradients-not-zeroed', '''
def fit(net, loader):
    body = optim.SGD(net.features.parameters(), lr=0.1)
    head = optim.SGD(net.fc.parameters(), lr=0.1)
    for x, y in loader:
        body.zero_grad()
        F.cross_entropy(net(x), y).backward()
        body.step()
        head.step()
''', '''
def fit(net, loader):
    body = optim.SGD(net.features.parameters(), lr=0.1)
    head = optim.Adam(net.fc.parameters(), lr=0.1)
    for x, y in loader:
        for opt in (body, head): opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        for opt in (body, head): opt.step()
'''),
    'a gradient of the inputs is no learning': ('gradients-not-zeroed', '''
def train_epoch(net, loader, optimizer, eps=0.1):
    for x, y in loader:
        near = x.clone().requires_grad_()
        slope, = torch.autograd.grad(F.cross_entropy(net(near), y), near)
        F.cross_entropy(net((near + eps*slope.sign()).detach()), y).backward()
        optimizer.step()
''', '''
def train_epoch(net, loader, optimizer, eps=0.1):
    for x, y in loader:
        near = x.clone().requires_grad_()
        slope, = torch.autograd.grad(F.cross_entropy(net(near), y), near)
        optimizer.zero_grad()
        F.cross_entropy(net((near + eps*slope.sign()).detach()), y).backward()
        optimizer.step()
'''),
    'each of several optimizers that are given has parameters of its own': ('gradients-not-zeroed', '''
def train(loader, model, opt_body, opt_head, criterion):
    for x, y in loader:
        opt_body.zero_grad()
        opt_body.zero_grad()
        criterion(model(x), y).backward()
        opt_body.step()
        opt_head.step()
''', '''
def train(loader, model, opt_body, opt_head, criterion):
    for x, y in loader:
        opt_body.zero_grad()
        opt_head.zero_grad()
        criterion(model(x), y).backward()
        opt_body.step()
        opt_head.step()
'''),
    'the training set is not read': ('trained-while-measuring', '''
def fit(net, train_dl, valid_dl, opt):
    net.train()
    for x, y in valid_dl:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
''', '''
def fit(net, train_dl, valid_dl, opt):
    net.train()
    for x, y in train_dl:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
'''),
    'both phases learn': ('trained-while-measuring', '''
def train_model(net, dataloaders, optimizer):
    for phase in ('train', 'val'):
        net.train() if phase == 'train' else net.eval()
        for x, y in dataloaders[phase]:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
''', '''
def train_model(net, dataloaders, optimizer):
    for phase in ('train', 'val'):
        net.train() if phase == 'train' else net.eval()
        for x, y in dataloaders[phase]:
            with torch.set_grad_enabled(phase == 'train'): loss = F.cross_entropy(net(x), y)
            if phase == 'train':
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
'''),
    'the validation set is not read': ('measured-on-training-set', '''
def fit(net, trainloader, devloader, opt):
    net.train()
    for x, y in trainloader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad(): right = [(net(x).argmax(1) == y).float() for x, y in trainloader]
    return torch.cat(right).mean().item()
''', '''
def fit(net, trainloader, devloader, opt):
    net.train()
    for x, y in trainloader:
        opt.zero_grad()
        F.cross_entropy(net(x), y).backward()
        opt.step()
    net.eval()
    with torch.no_grad(): train_right = [(net(x).argmax(1) == y).float() for x, y in trainloader]
    return torch.cat(train_right).mean().item()
'''),
    'a pass of which nothing is used': ('one-batch-only', '''
torch.manual_seed(1)
train_dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8)
valid_dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8)
net = nn.Linear(5, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for xb, yb in train_dl:
        F.cross_entropy(net(xb), yb).backward()
        opt.step()
        opt.zero_grad()
    with torch.no_grad():
        for batch in valid_dl: loss = F.cross_entropy(net(xb), yb).item()
''', '''
torch.manual_seed(1)
train_dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8)
valid_dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8)
net = nn.Linear(5, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for xb, yb in train_dl:
        F.cross_entropy(net(xb), yb).backward()
        opt.step()
        opt.zero_grad()
    with torch.no_grad():
        for xb, yb in valid_dl: loss = F.cross_entropy(net(xb), yb).item()
'''),
    'each time the same first batch': ('one-batch-only', '''
torch.manual_seed(1)
dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8)
net = nn.Linear(5, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
for step in range(8):
    xb, yb = next(iter(dl))
    F.cross_entropy(net(xb), yb).backward()
    opt.step()
    opt.zero_grad()
''', '''
torch.manual_seed(1)
dl = DataLoader(TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,))), batch_size=8, shuffle=True)
net = nn.Linear(5, 3)
opt = optim.SGD(net.parameters(), lr=0.1)
for step in range(8):
    xb, yb = next(iter(dl))
    F.cross_entropy(net(xb), yb).backward()
    opt.step()
    opt.zero_grad()
'''),
    'a closure that adds to what it finds': ('gradients-not-zeroed', '''
x, y = torch.linspace(0, 1, 20)[:, None], torch.linspace(0, 1, 20)[:, None]**2
net = nn.Linear(1, 1)
opt = optim.LBFGS(net.parameters(), lr=0.1, max_iter=4)
for i in range(4):
    def closure():
        loss = F.mse_loss(net(x), y)
        loss.backward()
        return loss
    opt.step(closure)
''', '''
x, y = torch.linspace(0, 1, 20)[:, None], torch.linspace(0, 1, 20)[:, None]**2
net = nn.Linear(1, 1)
opt = optim.LBFGS(net.parameters(), lr=0.1, max_iter=4)
for i in range(4):
    def closure():
        opt.zero_grad()
        loss = F.mse_loss(net(x), y)
        loss.backward()
        return loss
    opt.step(closure)
'''),
    'a branch without backward': ('backward-missing', '''
def train(net, loader, optimizer, criterion):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        if i % 2:
            loss = criterion(net(x + 0.1*torch.randn_like(x)), y)
            loss.backward()
        else: loss = criterion(net(x), y)
        optimizer.step()
''', '''
def train(net, loader, optimizer, criterion):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        if i % 2: loss = criterion(net(x + 0.1*torch.randn_like(x)), y)
        else: loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
'''),
    'an optimizer that refuses what is computed': ('not-a-leaf', '''
x = torch.linspace(0, 1, 20)[:, None]**torch.arange(3)
y = x @ torch.tensor([1., 2., 3.])
coef = torch.rand(3, requires_grad=True) - 0.5
optimizer = optim.Adam([coef], lr=0.1)
for i in range(20):
    optimizer.zero_grad()
    ((x @ coef - y)**2).mean().backward()
    optimizer.step()
''', '''
x = torch.linspace(0, 1, 20)[:, None]**torch.arange(3)
y = x @ torch.tensor([1., 2., 3.])
coef = (torch.rand(3) - 0.5).requires_grad_()
optimizer = optim.Adam([coef], lr=0.1)
for i in range(20):
    optimizer.zero_grad()
    ((x @ coef - y)**2).mean().backward()
    optimizer.step()
'''),
    'one step in a pass is not one for each pass': ('accumulation-zeroed', '''
def train(model, loader, optimizer, criterion, accum_steps=4):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        (criterion(model(x), y)/accum_steps).backward()
        if (i + 1) % accum_steps == 0: optimizer.step()
''', '''
def train(model, loader, optimizer, criterion, accum_steps=4):
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        (criterion(model(x), y)/accum_steps).backward()
        if (i + 1) % accum_steps == 0 or i + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()
'''),
    'an iterator is made anew': ('generator-used-up', '''
a = torch.randn(20, 3)
net = nn.Linear(3, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
pairs = zip(a.split(4), a.sum(1, keepdim=True).split(4))
for r in range(5):
    for x, y in pairs:
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()
''', '''
a = torch.randn(20, 3)
net = nn.Linear(3, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
pairs = list(zip(a.split(4), a.sum(1, keepdim=True).split(4)))
for r in range(5):
    for x, y in pairs:
        opt.zero_grad()
        F.mse_loss(net(x), y).backward()
        opt.step()
'''),
    'a loop over epochs that is left early for a reason': ('epochs-ignored', '''
def fit(net, loader, opt, epochs):
    for epoch in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            F.cross_entropy(net(x), y).backward()
            opt.step()
        print(epoch)
        break
''', '''
def fit(net, loader, opt, epochs):
    for epoch in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            opt.step()
        if loss < 0.01: break
'''),
    'rows cut by hand': ('last-batch-dropped', '''
X = torch.randn(70, 4)
Y = (X.sum(1) > 0).long()
net = nn.Linear(4, 2)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for start in range(0, len(X) - 10, 10):
        opt.zero_grad()
        F.cross_entropy(net(X[start:start + 10]), Y[start:start + 10]).backward()
        opt.step()
''', '''
X = torch.randn(70, 4)
Y = (X.sum(1) > 0).long()
net = nn.Linear(4, 2)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    for start in range(0, len(X), 10):
        opt.zero_grad()
        F.cross_entropy(net(X[start:start + 10]), Y[start:start + 10]).backward()
        opt.step()
'''),
    'targets that no loader gave': ('labels-broadcast', '''
X = torch.randn(30, 4)
target = X.sum(1)
net = nn.Linear(4, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    opt.zero_grad()
    ((net(X) - target)**2).mean().backward()
    opt.step()
''', '''
X = torch.randn(30, 4)
target = X.sum(1)
net = nn.Linear(4, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(5):
    opt.zero_grad()
    ((net(X).squeeze(1) - target)**2).mean().backward()
    opt.step()
'''),
    'the first batch of a loader of its own': ('one-batch-only', '''
x = torch.randn(80, 4)
dl = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=10)
test_dl = DataLoader(TensorDataset(x[:20], x[:20].sum(1, keepdim=True)), batch_size=10)
net = nn.Linear(4, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(4):
    for step in range(len(dl)):
        xb, yb = next(iter(dl))
        opt.zero_grad()
        F.mse_loss(net(xb), yb).backward()
        opt.step()
    with torch.no_grad(): print(sum(F.mse_loss(net(xb), yb, reduction='sum').item() for xb, yb in test_dl)/20)
''', '''
x = torch.randn(80, 4)
dl = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=10)
test_dl = DataLoader(TensorDataset(x[:20], x[:20].sum(1, keepdim=True)), batch_size=10)
net = nn.Linear(4, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
for epoch in range(4):
    batches = iter(dl)
    for step in range(len(dl)):
        xb, yb = next(batches)
        opt.zero_grad()
        F.mse_loss(net(xb), yb).backward()
        opt.step()
    with torch.no_grad(): print(sum(F.mse_loss(net(xb), yb, reduction='sum').item() for xb, yb in test_dl)/20)
'''),
    'an accuracy printed after a measurement within a training': ('last-batch-only', '''
def train(net, train_iter, test_iter, opt, n_epochs):
    for epoch in range(n_epochs):
        net.train()
        for X, y in train_iter:
            opt.zero_grad()
            F.cross_entropy(net(X), y).backward()
            opt.step()
        net.eval()
        good = seen = 0
        with torch.no_grad():
            for X, y in test_iter: guess = net(X).argmax(1)
        good += (guess == y).sum().item()
        seen += len(y)
        print(f'test acc {good/seen:.4f}')
''', '''
def train(net, train_iter, test_iter, opt, n_epochs):
    for epoch in range(n_epochs):
        net.train()
        for X, y in train_iter:
            opt.zero_grad()
            out = net(X)
            F.cross_entropy(out, y).backward()
            opt.step()
        print(f'accuracy of the last batch {(out.argmax(1) == y).float().mean():.4f}')
        net.eval()
        good = seen = 0
        with torch.no_grad():
            for X, y in test_iter:
                good += (net(X).argmax(1) == y).sum().item()
                seen += len(y)
        print(f'test acc {good/seen:.4f}')
'''),
    'more than all rows right': ('accuracy-averaged-wrongly', '''
def test_loop(dataloader, net):
    net.eval()
    correct = 0
    with torch.no_grad():
        for X, y in dataloader: correct += (net(X).argmax(1) == y).sum().item()
    print(f'Accuracy: {correct/len(dataloader):>0.1f}')
''', '''
def test_loop(dataloader, net):
    net.eval()
    correct = 0
    with torch.no_grad():
        for X, y in dataloader: correct += (net(X).argmax(1) == y).sum().item()
    print(f'Accuracy: {100*correct/len(dataloader.dataset):>0.1f}')
'''),
    'a measurement that another function calls': ('first-batch-measured', '''
def validate(net, loader):
    net.eval()
    good = seen = 0
    with torch.no_grad():
        for x, y in loader:
            good += (net(x).argmax(1) == y).sum().item()
            seen += len(y)
            return good/seen

def fit(net, train_loader, val_loader, optimizer, epochs):
    for epoch in range(epochs):
        net.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
        print(validate(net, val_loader))
''', '''
def validate(net, loader):
    net.eval()
    good = seen = 0
    with torch.no_grad():
        for x, y in loader:
            good += (net(x).argmax(1) == y).sum().item()
            seen += len(y)
    return good/seen

def fit(net, train_loader, val_loader, optimizer, epochs):
    for epoch in range(epochs):
        net.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            optimizer.step()
        print(validate(net, val_loader))
'''),
    'a loss of gradients': ('accumulation-zeroed', '''
def train(net, loader, optimizer, k=3):
    for i, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        (F.cross_entropy(net(x), y)/k).backward()
        if (i + 1) % k == 0: optimizer.step()
''', '''
from torch.func import functional_call
net = nn.Linear(2, 1)
opt = optim.Adam(net.parameters(), lr=1e-3)
def loss(params, x): return (functional_call(net, params, (x,)) - x.sum(1, keepdim=True)).pow(2).mean()
for it in range(20):
    total = 0.
    for task in range(3):
        params = dict(net.named_parameters())
        x = torch.randn(8, 2)
        grads = torch.autograd.grad(loss(params, x), [*params.values()], create_graph=True)
        total = total + loss({n: p - 0.02*g for (n, p), g in zip(params.items(), grads)}, x)
    opt.zero_grad()
    total.backward()
    opt.step()
'''),
    'an optimizer whose model is detached': ('predictions-detached', '''
G, D = nn.Linear(2, 1), nn.Linear(1, 1)
g_opt, d_opt = optim.Adam(G.parameters()), optim.Adam(D.parameters())
for it in range(10):
    fake = G(torch.randn(8, 2)).detach()
    d_loss = D(fake).mean() - D(torch.randn(8, 1)).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_opt.zero_grad()
    (-D(fake).mean()).backward()
    g_opt.step()
''', '''
G, D = nn.Linear(2, 1), nn.Linear(1, 1)
g_opt, d_opt = optim.Adam(G.parameters()), optim.Adam(D.parameters())
for it in range(10):
    fake = G(torch.randn(8, 2))
    d_loss = D(fake.detach()).mean() - D(torch.randn(8, 1)).mean()
    d_opt.zero_grad()
    d_loss.backward()
    d_opt.step()
    g_opt.zero_grad()
    (-D(fake).mean()).backward()
    g_opt.step()
'''),
    'a student that is taken for its teacher': ('loss-wrong', '''
def train(student, teacher, loader, optimizer):
    for x, y in loader:
        with torch.no_grad(): due = teacher(x)
        loss = F.kl_div(F.log_softmax(due, 1), F.softmax(student(x), 1), reduction='batchmean')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def train(student, teacher, loader, optimizer):
    for x, y in loader:
        with torch.no_grad(): due = teacher(x)
        loss = F.kl_div(F.log_softmax(student(x), 1), F.softmax(due, 1), reduction='batchmean')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    'only the penalty is learned from': ('predictions-detached', '''
def train(net, loader, optimizer, decay=1e-3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x).data, y) + decay*sum((p**2).sum() for p in net.parameters())
        loss.backward()
        optimizer.step()
''', '''
def train(net, loader, optimizer, decay=1e-3):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(net(x), y) + decay*sum((p.data**2).sum() for p in net.parameters())
        loss.backward()
        optimizer.step()
'''),
    'numbers made a loss again': ('loss-detached', '''
net = nn.Linear(3, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
rows = torch.randn(12, 3)
for epoch in range(4):
    losses = [F.mse_loss(net(row), row.sum(0, keepdim=True)).item() for row in rows]
    loss = torch.tensor(losses, requires_grad=True).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
''', '''
net = nn.Linear(3, 1)
opt = optim.SGD(net.parameters(), lr=0.1)
rows = torch.randn(12, 3)
for epoch in range(4):
    losses = [F.mse_loss(net(row), row.sum(0, keepdim=True)) for row in rows]
    loss = torch.stack(losses).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
'''),
    'the source of what is printed tells what it is': ('accuracy-averaged-wrongly', '''
def evaluate(net, loader):
    net.eval()
    hits = 0
    with torch.no_grad():
        for x, y in loader: hits += (net(x).argmax(1) == y).sum().item()
    print(hits/len(loader))
''', '''
def evaluate(net, loader, mix_fn=None):
    net.eval()
    hits = 0
    with torch.no_grad():
        for x, y in loader:
            if mix_fn is not None: x, y = mix_fn(x, y)
            hits += (net(x).argmax(1) == y).sum().item()
    print(hits/len(loader.dataset))
'''),
    'logits that happen to be small': ('accuracy-wrong', '''
def evaluate(net, loader):
    net.eval()
    hits = 0
    with torch.no_grad():
        for x, y in loader: hits += ((net(x).sigmoid() > 0).float() == y).sum().item()
    return hits/len(loader.dataset)

criterion = nn.BCEWithLogitsLoss()
''', '''
torch.manual_seed(0)
x = torch.rand(20, 2)
y = torch.ones(20, 1)
net = nn.Linear(2, 1)
opt = optim.SGD(net.parameters(), lr=0.5)
for epoch in range(12):
    logits = net(x)
    opt.zero_grad()
    F.binary_cross_entropy_with_logits(logits, y).backward()
    opt.step()
    accuracy = ((logits > 0).float() == y).float().mean()
    print(f'accuracy {accuracy:.3f}')
'''),
    'a function that learns is called to measure': ('trained-while-measuring', '''
def run_epoch(batches, net, opt, train=True):
    net.train(train)
    total = 0.
    for x, y in batches:
        loss = F.cross_entropy(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item()*len(x)
    return total

def main():
    for epoch in range(3):
        trained = run_epoch(train_batches, net, opt, train=True)
        measured = run_epoch(valid_batches, net, opt, train=False)
''', '''
def run_epoch(batches, net, opt, train=True):
    net.train(train)
    total = 0.
    for x, y in batches:
        loss = F.cross_entropy(net(x), y)
        if train:
            opt.zero_grad()
            loss.backward()
            opt.step()
        total += loss.item()*len(x)
    return total

def main():
    for epoch in range(3):
        trained = run_epoch(train_batches, net, opt, train=True)
        measured = run_epoch(valid_batches, net, opt, train=False)
'''),
    'a function that measures is called with the training set': ('measured-on-training-set', '''
def batch_accuracy(loader, net):
    net.eval()
    with torch.no_grad(): right = [(net(x).argmax(1) == y).float() for x, y in loader]
    return torch.cat(right).mean().item()

def main(net, loaders):
    train_acc = batch_accuracy(loaders['train'], net)
    test_acc = batch_accuracy(loaders['train'], net)
''', '''
def batch_accuracy(loader, net):
    net.eval()
    with torch.no_grad(): right = [(net(x).argmax(1) == y).float() for x, y in loader]
    return torch.cat(right).mean().item()

def main(net, loaders):
    train_acc = batch_accuracy(loaders['train'], net)
    test_acc = batch_accuracy(loaders['test'], net)
'''),
    'parameters that the file has made': ('parameters-rebound', '''
def net(x, params):
    w1, b1, w2, b2 = params
    return torch.relu(x @ w1 + b1) @ w2 + b2

def train_epoch(params, batches, lr):
    for x, y in batches:
        ((net(x, params) - y)**2).mean().backward()
        with torch.no_grad():
            for p in params:
                grad = p.grad.clone()
                p.grad.zero_()
                p = p - lr*grad

params = [t.requires_grad_() for t in (torch.randn(4, 5), torch.zeros(5), torch.randn(5, 1), torch.zeros(1))]
''', '''
def net(x, params):
    w1, b1, w2, b2 = params
    return torch.relu(x @ w1 + b1) @ w2 + b2

def train_epoch(params, batches, lr):
    for x, y in batches:
        ((net(x, params) - y)**2).mean().backward()
        with torch.no_grad():
            for p in params:
                grad = p.grad.clone()
                p.grad.zero_()
                p -= lr*grad

params = [t.requires_grad_() for t in (torch.randn(4, 5), torch.zeros(5), torch.randn(5, 1), torch.zeros(1))]
'''),
    'a part of a loss is detached': ('loss-detached', '''
def train(net, loader, optimizer):
    for x, y in loader:
        out = net(x)
        smooth = F.cross_entropy(out, y, label_smoothing=0.2).detach()
        loss = F.cross_entropy(out, y) + smooth
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def train(net, loader, optimizer):
    for x, y in loader:
        out = net(x)
        loss = F.cross_entropy(out, y) + F.cross_entropy(out, y, label_smoothing=0.2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    'backward begins at a tensor made anew': ('predictions-detached', '''
def train(net, loader, optimizer):
    for x, y in loader:
        out = torch.tensor(net(x).detach().numpy(), requires_grad=True)
        loss = F.cross_entropy(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
''', '''
def train(net, loader, optimizer):
    for x, y in loader:
        x = torch.tensor(x.numpy(), requires_grad=True)
        loss = F.cross_entropy(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
'''),
    'a model ends in a softmax over the rows': ('softmax-over-batch', '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x): return F.log_softmax(self.fc(x), dim=0)

def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        F.nll_loss(model(x), y).backward()
        optimizer.step()
''', '''
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x): return F.log_softmax(self.fc(x), dim=1)

def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        F.nll_loss(model(x), y).backward()
        optimizer.step()
'''),
    'outputs are rounded as if they were probabilities': ('accuracy-wrong', '''
def evaluate(model, loader):
    model.eval()
    criterion, correct, loss = nn.BCEWithLogitsLoss(), 0, 0.
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item()*len(x)
            correct += (torch.round(out) == y).sum().item()
    return correct/len(loader.dataset)
''', '''
def evaluate(model, loader):
    model.eval()
    criterion, correct, loss = nn.BCEWithLogitsLoss(), 0, 0.
    with torch.no_grad():
        for x, y in loader:
            out = model(x)
            loss += criterion(out, y).item()*len(x)
            correct += (torch.round(torch.sigmoid(out)) == y).sum().item()
    return correct/len(loader.dataset)
'''),
    'a number that is printed after the loop': ('accuracy-averaged-wrongly', '''
torch.manual_seed(1)
data = TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,)))
loader = DataLoader(data, batch_size=8)
net = nn.Linear(5, 3)
net.eval()
correct = 0
with torch.no_grad():
    for x, y in loader: correct += (net(x).argmax(1) == y).sum().item()
print('accuracy:', correct/len(loader))
''', '''
torch.manual_seed(1)
data = TensorDataset(torch.randn(30, 5), torch.randint(0, 3, (30,)))
loader = DataLoader(data, batch_size=8)
net = nn.Linear(5, 3)
net.eval()
correct = 0
with torch.no_grad():
    for x, y in loader: correct += (net(x).argmax(1) == y).sum().item()
print('accuracy:', correct/len(data))
'''),
    'a frozen part stays in evaluation mode': ('trained-in-eval-mode', '''
def train(model, loader, optimizer, criterion):
    model.eval()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
''', '''
def train(model, loader, criterion):
    model.train()
    model.features.requires_grad_(False)
    model.features.eval()
    optimizer = optim.SGD(model.fc.parameters(), lr=0.1)
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
'''),
    'gradients of the parts of a batch': ('accumulation-zeroed', '''
def train(model, loader, optimizer, criterion, n_accumulate):
    for x, y in loader:
        for xb, yb in zip(x.chunk(n_accumulate), y.chunk(n_accumulate)):
            optimizer.zero_grad()
            (criterion(model(xb), yb)/n_accumulate).backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer, criterion, n_accumulate):
    for x, y in loader:
        optimizer.zero_grad()
        for xb, yb in zip(x.chunk(n_accumulate), y.chunk(n_accumulate)):
            (criterion(model(xb), yb)*len(xb)/len(x)).backward()
        optimizer.step()
'''),
    'a list that keeps the graphs of all batches': ('graph-kept', '''
def train(model, loader, optimizer, criterion):
    losses = []
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses
''', '''
def train(model, loader, optimizer, criterion):
    losses = []
    for x, y in loader:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
'''),
    'the largest outputs are no classes': ('accuracy-wrong', '''
def evaluate(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in loader:
            correct += (torch.max(model(x), 1)[0].round() == y).sum().item()
            total += len(y)
    return correct/total
''', '''
def evaluate(model, loader):
    model.eval()
    correct = total = 0
    with torch.no_grad():
        for x, y in loader:
            largest, pred = torch.max(model(x), 1)
            sure = largest > -1e6
            correct += (pred[sure] == y[sure]).sum().item()
            total += len(y)
    return correct/total
'''),
    'kl_div takes logarithms': ('loss-wrong', '''
def distil(model, loader, optimizer):
    kl = nn.KLDivLoss(reduction='batchmean')
    for x, y in loader:
        optimizer.zero_grad()
        kl(F.softmax(model(x), 1), F.one_hot(y, 3).float()).backward()
        optimizer.step()
''', '''
def distil(model, loader, optimizer):
    kl = nn.KLDivLoss(reduction='batchmean')
    for x, y in loader:
        optimizer.zero_grad()
        kl(F.log_softmax(model(x), 1), F.one_hot(y, 3).float()).backward()
        optimizer.step()
'''),
    'every probability is above 0': ('accuracy-wrong', '''
def measure(model, loader):
    model.eval()
    hits = n = 0
    with torch.no_grad():
        for x, y in loader:
            hits += ((torch.sigmoid(model(x)) > 0).float() == y).sum().item()
            n += len(y)
    return hits/n
''', '''
def measure(model, loader):
    model.eval()
    hits = n = 0
    with torch.no_grad():
        for x, y in loader:
            some = torch.sigmoid(model(x)) > 0
            hits += ((model(x) > 0).float()[some] == y[some]).sum().item()
            n += len(y)
    return hits/n
'''),
    'an error has two sides': ('loss-wrong', '''
def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        (y - model(x)).mean().backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        (y - model(x)).abs().mean().backward()
        optimizer.step()
'''),
    'a penalty is added': ('wrong-sign', '''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y) - 1e-2*sum(p.pow(2).sum() for p in model.parameters())
        loss.backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer, criterion):
    for x, y in loader:
        optimizer.zero_grad()
        (criterion(model(x), y) + 1e-2*sum(torch.norm(p, 1) for p in model.parameters())).backward()
        optimizer.step()
'''),
    'predictions that are kept with their graphs': ('graph-kept', '''
def train(model, loader, optimizer, criterion):
    outs, ys = [], []
    for x, y in loader:
        out = model(x)
        optimizer.zero_grad()
        criterion(out, y).backward()
        optimizer.step()
        outs.append(out)
        ys.append(y)
    return (torch.cat(outs).argmax(1) == torch.cat(ys)).float().mean().item()
''', '''
def train(model, loader, optimizer, criterion):
    outs, ys = [], []
    for x, y in loader:
        out = model(x)
        optimizer.zero_grad()
        criterion(out, y).backward()
        optimizer.step()
        outs.append(out.detach())
        ys.append(y)
    return (torch.cat(outs).argmax(1) == torch.cat(ys)).float().mean().item()
'''),
    'a loss that another method uses': ('loss-func-ignored', '''
class Trainer:
    def __init__(self, model, optimizer, criterion):
        self.model, self.optimizer, self.criterion = model, optimizer, criterion

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            F.cross_entropy(self.model(x), y).backward()
            self.optimizer.step()
''', '''
class Trainer:
    def __init__(self, model, optimizer, criterion):
        self.model, self.optimizer, self.criterion = model, optimizer, criterion

    def loss_of(self, x, y): return self.criterion(self.model(x), y)

    def fit(self, loader):
        for x, y in loader:
            self.optimizer.zero_grad()
            self.loss_of(x, y).backward()
            self.optimizer.step()
'''),
    'a mean times its rows': ('backward-scaled', '''
def train(model, loader, optimizer, criterion):
    total = 0
    for x, y in loader:
        loss = criterion(model(x), y)*len(x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total/len(loader.dataset)
''', '''
def train(model, loader, optimizer):
    total = 0
    for x, y in loader:
        loss = F.cross_entropy(model(x), y, reduction='sum')
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total/len(loader.dataset)
'''),
    'the last index is no number of batches': ('loss-averaged-wrongly', '''
def train(model, loader, optimizer, criterion):
    total = 0
    for i, (x, y) in enumerate(loader):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    print('loss', total/i)
''', '''
def train(model, loader, optimizer, criterion):
    total = 0
    for i, (x, y) in enumerate(loader, 1):
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
        if i > 1: print('loss so far', (total - loss.item())/(i - 1), 'loss', total/i)
'''),
    'a sum that is begun anew with each epoch': ('loss-averaged-wrongly', '''
def train(model, loader, optimizer, criterion, epochs):
    total = 0
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()*len(y)
        print('loss', total/len(loader.dataset))
''', '''
def train(model, loader, optimizer, criterion, epochs):
    total = n = 0
    for _ in range(epochs):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()*len(y)
            n += len(y)
        print('loss', total/n)
'''),
    'what multiplies and divides, from left to right': ('accuracy-averaged-wrongly', '''
def evaluate(model, loader, batch_size):
    model.eval()
    with torch.no_grad(): correct = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    print(f'accuracy {100*correct/len(loader)*batch_size:.2f}%')
''', '''
def evaluate(model, loader):
    model.eval()
    with torch.no_grad(): correct = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    print(f'accuracy {100*correct/len(loader.dataset):.2f}%')
'''),
    'batches whose labels have a name of their own': ('sigmoid-twice', '''
def train(model, loader, optimizer):
    for batch in loader:
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(torch.sigmoid(model(batch['features'])), batch['tags']).backward()
        optimizer.step()
''', '''
def train(model, loader, optimizer):
    for batch in loader:
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(batch['features']), batch['tags']).backward()
        optimizer.step()
'''),
    'a model of the file that takes numbers': ('nll-of-probabilities', '''
class Net(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.fc = nn.Linear(n_in, n_out)

    def forward(self, x): return F.softmax(self.fc(x), 1)

def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        F.nll_loss(model(x), y).backward()
        optimizer.step()

if __name__ == '__main__': net = Net(8, n_out=3)
''', '''
class Net(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.fc = nn.Linear(n_in, n_out)

    def forward(self, x): return F.log_softmax(self.fc(x), 1)

def train(model, loader, optimizer):
    for x, y in loader:
        optimizer.zero_grad()
        F.nll_loss(model(x), y).backward()
        optimizer.step()

if __name__ == '__main__': net = Net(8, n_out=3)
'''),
    'a mean by hand is not divided again': ('divided-by-batch-size', '''
X, Y = torch.randn(40, 3), torch.randn(40, 1)
w = torch.zeros(3, 1, requires_grad=True)
lr, batch_size = 0.1, 8
for epoch in range(3):
    for i in range(0, len(X), batch_size):
        xb, yb = X[i:i + batch_size], Y[i:i + batch_size]
        loss = ((xb @ w - yb)**2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr*w.grad/batch_size
            w.grad.zero_()
''', '''
X, Y = torch.randn(40, 3), torch.randn(40, 1)
w = torch.zeros(3, 1, requires_grad=True)
lr, batch_size = 0.1, 8
for epoch in range(3):
    for i in range(0, len(X), batch_size):
        xb, yb = X[i:i + batch_size], Y[i:i + batch_size]
        loss = ((xb @ w - yb)**2).sum()
        loss.backward()
        with torch.no_grad():
            w -= lr*w.grad/batch_size
            w.grad.zero_()
'''),
    'the short batch of a loop by hand': ('fixed-batch-size', '''
X, Y = torch.randn(36, 3), torch.randn(36, 1)
w = torch.zeros(3, 1, requires_grad=True)
lr, batch_size = 0.1, 8
for epoch in range(3):
    for i in range(0, len(X), batch_size):
        xb, yb = X[i:i + batch_size], Y[i:i + batch_size]
        loss = F.mse_loss(xb @ w, yb, reduction='sum')
        loss.backward()
        with torch.no_grad():
            w -= lr*w.grad/batch_size
            w.grad.zero_()
''', '''
X, Y = torch.randn(36, 3), torch.randn(36, 1)
w = torch.zeros(3, 1, requires_grad=True)
lr, batch_size = 0.1, 8
for epoch in range(3):
    for i in range(0, len(X), batch_size):
        xb, yb = X[i:i + batch_size], Y[i:i + batch_size]
        loss = F.mse_loss(xb @ w, yb, reduction='sum')
        loss.backward()
        with torch.no_grad():
            w -= lr*w.grad/len(xb)
            w.grad.zero_()
'''),
}
by_rule = {rule: (slug, _file(broken), _file(kept)) for rule, (slug, broken, kept) in by_rule.items()}
