"""Ways to write each function: right ones, and wrong ones under the name of their mistake

Everybody writes a loop in their own words, so the same mistake looks different each time. What differs in kind is
written out here: as a function, by `written` as a change to another way, by `returns` as what stands on one line, by
`inside` as a part of a larger function. test_check.py then says each of them in the words of dialects.py.
Names that a learner's code would find in the notebook stand at the top; they are right."""
import __future__
import ast
import inspect
import itertools
import math
import re

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, tensor

right = {}  # name of the function -> ways to write it
wrong = {}  # slug of the mistake -> (name of the function, a way to make it)
pairs = []  # (name of the function, a function with two mistakes, their slugs)
unknown = []  # (name of the function, a function with a mistake that has no name)
exercise = {}  # a way -> name of the function
texts, words = {}, {}  # of ways that are made of others: source, and what was changed


def enter(name, f, *slugs):
    "Put a way where it belongs: by the mistakes in it, or as `rightly` or `strangely`"
    exercise[f] = name
    if slugs == ('rightly',): right.setdefault(name, []).append(f)
    elif slugs == ('strangely',): unknown.append((name, f))
    elif len(slugs) == 1: wrong.setdefault(slugs[0], []).append((name, f))
    else: pairs.append((name, f, set(slugs)))
    return f


def rightly(name): return lambda f: enter(name, f, 'rightly')
def wrongly(slug, name): return lambda f: enter(name, f, slug)
def doubly(name, *slugs): return lambda f: enter(name, f, *slugs)
def strangely(name): return lambda f: enter(name, f, 'strangely')


def source(f):
    "How a way is written"
    return texts.get(f) or re.sub(r'^@\w+\(.*\)\n', '', inspect.getsource(f), flags=re.M)


def program(text):
    "The function or class of a source, which finds here what it needs"
    space = dict(globals())
    exec(compile(text, '<a way>', 'exec', __future__.annotations.compiler_flag), space)
    return space[ast.parse(text).body[-1].name]


def called(f): return words.get(f, f.__name__)


def made(name, text, what, *slugs):
    "A way from its source"
    f = program(text)
    texts[f], words[f] = text, what
    return enter(name, f, *slugs)


def changed(text, right, wrong):
    "A source with something else in one place; new lines stand as deep as that, less a level for each < before them"
    found, = (line for line in text.splitlines() if right in line)
    depth = len(found) - len(found.lstrip())
    new = found.strip().replace(right, wrong).splitlines()
    placed = [' '*(depth - 4*len(re.match('<*', line)[0])) + line.lstrip('<') for line in new]
    return text.replace(found, '\n'.join(placed))


def written(base, slugs, *changes):
    "A way that differs from another in some places: what stands there, what is to stand there, and so on"
    text, each = source(base), list(zip(changes[::2], changes[1::2], strict=True))
    for right, wrong in each: text = changed(text, right, wrong)
    what = ', '.join(f'{right} -> {wrong}' for right, wrong in each).replace('\n', ' / ')
    return made(exercise[base], text, f'{base.__name__}: {what}', *slugs.split(' + '))


def out(*lines):
    "Changes that move lines one level to the left"
    return [x for line in lines for x in (line, f'<{line}')]


def for_each(*bases): return lambda slugs, *changes: [written(base, slugs, *changes) for base in bases]


frames = dict(  # functions that call another, and are right if that is
    calc_grad='''
def calc_grad(xb, yb, model):
    loss = {part}(model(xb), yb)
    loss.backward()
    return loss''',
    train_epoch='''
def train_epoch(model, lr, params, dl):
    for xb, yb in dl:
        {part}(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()''',
    validate_epoch='''
def validate_epoch(model, valid_dl):
    preds = torch.cat([model(xb) for xb, yb in valid_dl])
    return {part}(preds, torch.cat([yb for xb, yb in valid_dl]))''',
    train_model='''
def train_model(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append({part}(model, valid_dl))
    return accs''')


def inside(name, slug, *parts):
    "Ways for a larger function, which calls one that is wrong"
    for part in parts:
        text = source(part) + '\n\n' + frames[name].format(part=ast.parse(source(part)).body[-1].name)
        made(name, text, f'with {called(part)}', *slug.split(' + '))


takes = dict(
    mse='preds, targets', mnist_loss='predictions, targets', batch_accuracy='xb, yb', validate_epoch='model, valid_dl',
    init_params='size, std=1.0', linear1='xb, weights, bias', simple_net='xb, w1, b1, w2, b2')


def returns(name, slugs, *bodies):
    "Ways that fit on a line: the last of their statements is what they return"
    def way(body):
        *first, last = body.split('; ')
        line = '; '.join([*first, f'return {last}'])
        return made(name, f'def my_{name}({takes[name]}): {line}', body, *slugs.split(' + '))
    return [way(body) for body in bodies]


# What the functions below build on

def linear1(xb, weights, bias): return xb @ weights + bias


def mnist_loss(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


def batch_accuracy(xb, yb): return ((xb.sigmoid() > .5) == yb).float().mean()


def calc_grad(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    loss.backward()
    return loss


def train_epoch(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad.zero_()


def validate_epoch(model, valid_dl):
    n = sum(len(yb) for _, yb in valid_dl)
    return sum(batch_accuracy(model(xb), yb).item()*len(yb) for xb, yb in valid_dl)/n


# Right: train_epoch. Of some of these, others are made

@rightly('train_epoch')
def under_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@rightly('train_epoch')
def through_calc_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@rightly('train_epoch')
def optimizer_of_torch(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss = loss_func(model(xb), yb)
        loss.backward()
        opt.step()


@rightly('train_epoch')
def gradients_without_backward(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        grads = torch.autograd.grad(loss_func(model(xb), yb), params)
        with torch.no_grad():
            for p, g in zip(params, grads): p -= lr*g


@rightly('train_epoch')
@torch.no_grad()
def autograd_only_for_the_loss(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        with torch.enable_grad(): loss = loss_func(model(xb), yb)
        loss.backward()
        for p in params:
            p.sub_(p.grad, alpha=lr)
            p.grad = None


@rightly('train_epoch')
def all_parameters_at_once(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        grads = [p.grad for p in params]
        with torch.no_grad(): torch._foreach_add_(params, grads, alpha=-lr)
        torch._foreach_zero_(grads)


@rightly('train_epoch')
def loss_written_out(model, lr, params, dl):
    for xb, yb in dl:
        preds = model(xb).sigmoid()
        loss = torch.where(yb == 1, 1 - preds, preds).mean()
        loss.backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@rightly('train_epoch')
def counts_and_prints(model, lr, params, dl, loss_func=mnist_loss):
    n = sum(1 for _ in dl)
    for i, (xb, yb) in enumerate(dl, 1):
        loss = loss_func(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params: p.copy_(p - lr*p.grad)
        for p in params: p.grad.zero_()
        print(f'batch {i} of {n}: loss {loss:.4f}, then {loss_func(model(xb), yb):.4f}')


@rightly('train_epoch')
def own_optimizer(model, lr, params, dl, loss_func=mnist_loss):
    class Optim:
        def step(self):
            for p in params: p.data += -lr*p.grad
        def zero_grad(self):
            for p in params: p.grad = None
    opt = Optim()
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        opt.step()
        opt.zero_grad()


@rightly('train_epoch')
def one_long_vector(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        v = nn.utils.parameters_to_vector(params).detach()
        g = nn.utils.parameters_to_vector([p.grad for p in params])
        nn.utils.vector_to_parameters(v - lr*g, params)
        for p in params: p.grad.fill_(0)


@rightly('train_epoch')
def detached_view_and_default_loss(model, lr, params, dl, loss_func=None):
    loss_func = loss_func or mnist_loss
    losses = []
    for xb, yb in dl:
        losses.append(loss_func(model(xb), yb))
        losses[-1].backward()
        for p in reversed(params):
            q = p.detach()
            q -= lr*p.grad
            p.grad *= 0
    return torch.stack(losses).mean()


written(through_calc_grad, 'rightly', 'p.data -=', 'p.data = p.data -')
written(through_calc_grad, 'rightly', 'p.data -= lr*p.grad', 'p.data.sub_(lr*p.grad)', 'p.grad = None',
    'p.grad.detach_().zero_()')
written(through_calc_grad, 'rightly', 'for xb, yb in dl:',
    'batches = iter(dl)\nfor _ in range(len(dl)):\n    xb, yb = next(batches)')
written(under_no_grad, 'rightly', 'for xb, yb in dl:',
        'for xb, yb in dl:\n    for p in params:\n        if p.grad is not None: p.grad.zero_()')
written(under_no_grad, 'rightly', 'for xb', 'losses = []\nfor xb', 'p.grad.zero_()',
        'p.grad.zero_()\n<<losses.append(loss.item())\n<<<return sum(losses)/len(losses)')
written(under_no_grad, 'rightly', 'yb)', 'yb.float())', 'loss.backward()', 'loss.backward(retain_graph=True)',
        'p -=', 'p[:] = p -', 'p.grad.zero_()', 'p.grad = torch.zeros_like(p)')
written(optimizer_of_torch, 'rightly', 'opt.zero_grad()', '', 'opt.step()',
    'opt.step()\nopt.zero_grad(set_to_none=False)')


# Right: the other training functions

@rightly('train_model')
def loop_in_a_loop(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(epochs):
        for xb, yb in dl:
            loss = loss_func(model(xb), yb)
            loss.backward()
            with torch.no_grad():
                for p in params:
                    p -= lr*p.grad
                    p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@rightly('train_model')
def one_optimizer(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for epoch in range(epochs):
        for xb, yb in dl:
            opt.zero_grad()
            loss = loss_func(model(xb), yb)
            loss.backward()
            opt.step()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@rightly('train_model')
def calls_the_two(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@rightly('train_model')
def all_in_one(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(1, epochs + 1):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            with torch.no_grad():
                for p in params:
                    p -= lr*p.grad
                    p.grad.zero_()
        with torch.no_grad():
            right = torch.cat([(model(xb) > 0) == (yb == 1) for xb, yb in valid_dl])
        accs.append(right.double().mean())
    return accs


@rightly('train_model')
def comprehension(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    def one_epoch():
        train_epoch(model, lr, params, dl, loss_func)
        return validate_epoch(model, valid_dl)
    return [one_epoch() for _ in range(epochs)]


@rightly('train_model')
def rounds_and_prints(model, lr, params, dl, valid_dl, epochs):
    print('before', validate_epoch(model, valid_dl))
    res = []
    while len(res) < epochs:
        train_epoch(model, lr, params, dl)
        res += [round(validate_epoch(model, valid_dl), 4)]
        print(res[-1], 'and on the training set', validate_epoch(model, dl))
    return res


@rightly('calc_grad')
def returns_the_loss(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    loss.backward()
    return loss


@rightly('calc_grad')
def returns_nothing(xb, yb, model, loss_func=mnist_loss):
    preds = model(xb)
    loss = loss_func(preds, yb)
    loss.backward()


@rightly('calc_grad')
def returns_a_number(x, y, net, criterion=mnist_loss):
    error = criterion(net(x), y.float())
    torch.autograd.backward(error)
    return error.item()


@rightly('calc_grad')
def mnist_loss_only(xb, yb, model):
    loss = mnist_loss(model(xb), yb)
    loss.backward(torch.ones_like(loss))
    return loss.detach()


@rightly('calc_grad')
def loss_in_place_of_loss_func(xb, yb, model):
    p = torch.sigmoid(model(xb))
    (p - yb).abs().mean().backward()


@rightly('calc_grad')
def labels_in_front_of_a_partial(xb, yb, model, loss_func=mnist_loss):
    def of(targets, preds): return loss_func(preds, targets)
    of(yb, model(xb)).backward()


@rightly('BasicOptim')
class OfTheBook:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self, *args, **kwargs):
        for p in self.params: p.data -= p.grad.data*self.lr
    def zero_grad(self, *args, **kwargs):
        for p in self.params: p.grad = None


@rightly('BasicOptim')
class UnderNoGrad:
    def __init__(self, parameters, learning_rate):
        self.parameters = tuple(parameters)
        self.learning_rate = learning_rate

    @torch.no_grad()
    def step(self):
        for p in self.parameters:
            if p.grad is not None: p.sub_(p.grad, alpha=self.learning_rate)

    def zero_grad(self):
        for p in self.parameters:
            if p.grad is not None: p.grad.zero_()


@rightly('BasicOptim')
class WrapsTorch:
    def __init__(self, params, lr): self.opt = torch.optim.SGD(params, lr=lr)
    def step(self): self.opt.step()
    def zero_grad(self): self.opt.zero_grad()


@rightly('BasicOptim')
class InheritsFromTorch(torch.optim.SGD):
    def __init__(self, params, lr=.1): super().__init__(params, lr=lr)


@rightly('BasicOptim')
class AllAtOnce:
    def __init__(self, params, lr): self.ps, self.lr = [*params], lr
    def grads(self): return [p.grad for p in self.ps]
    def step(self):
        with torch.no_grad(): torch._foreach_sub_(self.ps, torch._foreach_mul(self.grads(), self.lr))
    def zero_grad(self):
        for p in self.ps: p.grad = torch.zeros_like(p)


written(returns_nothing, 'rightly', 'preds, yb', 'targets=yb, predictions=preds')


# Right: losses

_, distance, *_ = returns('mnist_loss', 'rightly',
    'p = predictions.sigmoid(); torch.where(targets == 1, 1 - p, p).mean()',
    '(predictions.sigmoid() - targets).abs().mean()',
    'p, t = torch.sigmoid(predictions), targets.float(); (t*(1 - p) + (1 - t)*p).mean()',
    'p, three = 1/(1 + torch.exp(-predictions)), targets.bool(); (three*(1 - p) + ~three*p).mean()',
    'F.l1_loss(predictions.sigmoid(), targets.to(predictions.dtype))',
    'torch.sigmoid((1 - 2*targets)*predictions).mean()',
    'p = nn.Sigmoid()(predictions); ((1 - p)[targets == 1].sum() + p[targets == 0].sum())/len(p)')
returns('mse', 'rightly', '((preds - targets)**2).mean()', 'F.mse_loss(preds, targets)',
    'diff = targets - preds; (diff*diff).sum()/diff.numel()', 'torch.dist(preds, targets).pow(2)/preds.numel()')


@rightly('mnist_loss')
def loop_over_items(predictions, targets):
    losses = []
    for x, t in zip(predictions.view(-1), targets.view(-1)):
        p = x.sigmoid()
        losses.append(1 - p if t == 1 else p)
    return sum(losses)/len(losses)


@rightly('mse')
def one_by_one(preds, targets):
    total = 0
    for p, t in zip(preds.flatten(), targets.flatten()): total = total + (p - t)**2
    return total/preds.numel()


# Right: metrics

returns('batch_accuracy', 'rightly', 'correct = (xb.sigmoid() > .5) == yb; correct.float().mean()',
    '((xb > 0) == yb).float().mean()', 'correct = xb.sigmoid().round() == yb; round(correct.sum().item()/len(yb), 4)',
    'guess = torch.where(torch.sigmoid(xb) >= .5, 1, 0); 1 - (guess - yb).abs().double().mean().item()',
    'np.mean((xb.detach().numpy() > 0) == (yb.numpy() > .5))',
    '(xb.squeeze().gt(0) == yb.squeeze().bool()).float().mean()')
returns('validate_epoch', 'rightly', 'preds = torch.cat([model(xb) for xb, yb in valid_dl]); '
    'round(batch_accuracy(preds, torch.cat([yb for xb, yb in valid_dl])).item(), 4)')


@rightly('batch_accuracy')
def counts_in_a_loop(predictions, labels):
    n = 0
    for p, t in zip(predictions, labels):
        if (p.item() > 0) == (t.item() == 1): n += 1
    return n/len(labels)


@rightly('validate_epoch')
def weighted_by_size(model, valid_dl):
    total, n = 0., 0
    for xb, yb in valid_dl:
        total += batch_accuracy(model(xb), yb)*len(xb)
        n += len(xb)
    return (total/n).item()


@rightly('validate_epoch')
@torch.no_grad()
def counts_right_ones(net, loader):
    good = [bool(g) for x, y in loader for g in (net(x) > 0) == (y > 0)]
    return good.count(True)/len(good)


@rightly('validate_epoch')
def mean_of_all_comparisons(model, valid_dl):
    with torch.no_grad():
        correct = [((model(xb).sigmoid() > .5) == yb).float() for xb, yb in valid_dl]
    return torch.cat(correct).mean()


@rightly('validate_epoch')
def numpy_average(model, valid_dl):
    accs, sizes = zip(*[(batch_accuracy(model(xb), yb).item(), len(yb)) for xb, yb in valid_dl])
    return np.average(accs, weights=sizes)


@rightly('validate_epoch')
def predicts_all_rows_at_once(model, valid_dl):
    x, y = valid_dl.dataset.tensors
    with torch.no_grad(): preds = model(x)
    return batch_accuracy(preds, y).item()


@rightly('validate_epoch')
def shows_the_loss_as_well(model, valid_dl):
    losses, rights = [], []
    for xb, yb in valid_dl:
        losses.append(mnist_loss(model(xb), yb).item())
        rights.append((model(xb) > 0) == yb)
    print(f'loss {sum(losses)/len(losses):.4f}')
    return torch.cat(rights).float().mean().item()


# Right: parameters and models

@rightly('init_params')
def randn_times_std(size, std=1.0): return (torch.randn(size)*std).requires_grad_()


@rightly('init_params')
def as_a_parameter(size, std=1.0): return nn.Parameter(torch.randn(size).mul_(std))


@rightly('init_params')
def filled_in_place(shape, std=1.0):
    p = torch.empty(shape).normal_(0, std)
    p.requires_grad = True
    return p


@rightly('init_params')
def initialised_by_nn(size, std=1.0):
    p = torch.zeros(size, requires_grad=True)
    nn.init.normal_(p, mean=0., std=std)
    return p


@rightly('init_params')
def made_by_numpy(size, std=1.0):
    return tensor(np.random.normal(scale=std, size=size), dtype=torch.float32, requires_grad=True)


@rightly('init_params')
def scaled_under_no_grad(size, std=1.0):
    p = torch.randn(size, requires_grad=True)
    with torch.no_grad(): p *= std
    return p


@rightly('init_params')
def one_generator_for_all(size, std=1.0, generator=torch.Generator().manual_seed(0)):
    return (torch.randn(size, generator=generator)*std).requires_grad_()


@rightly('init_params')
def std_has_to_be_told(size, std): return (torch.randn(size)*std).requires_grad_()


returns('init_params', 'rightly',
    'torch.normal(0., std, size=size if isinstance(size, tuple) else (size,), requires_grad=True)')
returns('linear1', 'rightly', 'xb @ weights + bias', 'F.linear(xb, weights.T, bias)', 'torch.addmm(bias, xb, weights)',
    '(xb[:, :, None]*weights).sum(1) + bias', 'torch.stack([torch.matmul(x, weights).add(bias) for x in xb])')
*_, clamped = returns('simple_net', 'rightly',
    'res = xb @ w1 + b1; res = res.max(torch.zeros_like(res)); res @ w2 + b2',
    'linear1(linear1(xb, w1, b1).relu(), w2, b2)', 'h = F.relu(F.linear(xb, w1.t(), b1)); F.linear(h, w2.t(), b2)',
    'h = xb.mm(w1) + b1; (h*(h > 0)).mm(w2) + b2', 'torch.clamp(xb @ w1 + b1, min=0.) @ w2 + b2')

plain = for_each(under_no_grad, loop_in_a_loop)
with_sgd = for_each(optimizer_of_torch, one_optimizer)


# Gradients that are kept too long, or not long enough

never_zeroed, _ = plain('gradients-not-zeroed', 'p.grad.zero_()', '')
written(optimizer_of_torch, 'gradients-not-zeroed', 'opt.zero_grad()', 'opt.zero_grad')
written(through_calc_grad, 'gradients-not-zeroed', 'p.grad = None', 'p.grad.zero_')
written(OfTheBook, 'gradients-not-zeroed', 'for p in self.params: p.grad = None', 'pass')
written(UnderNoGrad, 'gradients-not-zeroed', 'p.grad.zero_()', 'grad = torch.zeros_like(p)')


written(under_no_grad, 'gradients-not-zeroed', 'p -= lr*p.grad', 'grad = p.grad\np -= lr*grad',
        'p.grad.zero_()', 'grad = torch.zeros_like(grad)')
written(optimizer_of_torch, 'gradients-not-zeroed', 'opt.zero_grad()',
        'for p in params:\n    if p.grad is None: p.grad = torch.zeros_like(p)')


plain('zeroed-too-early', 'loss.backward()', 'loss.backward()\nfor p in params: p.grad.zero_()')
written(under_no_grad, 'zeroed-too-early', 'p.grad.zero_()', '', 'p -= lr*p.grad', 'p.grad = None\np -= lr*p.grad')
written(optimizer_of_torch, 'zeroed-too-early', 'loss.backward()', 'loss.backward()\nopt.zero_grad(set_to_none=False)')
written(optimizer_of_torch, 'zeroed-too-early', 'opt.zero_grad()', '', 'opt.step()', 'opt.zero_grad()',
    'loss.backward()', 'opt.step()\nloss.backward()')
written(through_calc_grad, 'zeroed-too-early', 'for p in', 'for p in params: p.grad = torch.zeros_like(p)\nfor p in')
written(UnderNoGrad, 'zeroed-too-early', 'def step(self):', 'def step(self):\n    self.zero_grad()')


written(through_calc_grad, 'zeroed-too-early', 'calc_grad(xb, yb, model, loss_func)', '', 'p.data -=',
    'if p.grad is not None: p.data -=', 'p.grad = None',
    '<calc_grad(xb, yb, model, loss_func)\n<for p in params: p.grad.zero_()')


plain('zeroed-once-an-epoch', 'p.grad.zero_()', '<<<for p in params: p.grad.zero_()')
plain('zeroed-once-an-epoch', 'p.grad.zero_()', '', 'for xb', 'for p in params: p.grad = None\nfor xb')
written(optimizer_of_torch, 'zeroed-once-an-epoch', 'opt.zero_grad()', '', 'for xb', 'opt.zero_grad()\nfor xb')


written(through_calc_grad, 'zeroed-once-an-epoch', 'for xb, yb in dl',
    'batches = list(dl)\nfor i, (xb, yb) in enumerate(batches)', 'p.grad =', 'if i == len(batches) - 1: p.grad =')


zeroes = 'for p in params: p.grad.zero_()\n'
plain('zeroed-before-backward', 'p.grad.zero_()', '', 'loss = loss_func', zeroes + 'loss = loss_func')
written(under_no_grad, 'zeroed-before-backward', 'p.grad.zero_()', '', 'loss.backward()', zeroes + 'loss.backward()')
written(through_calc_grad, 'zeroed-before-backward', 'p.grad = None', '', 'calc_grad(xb', zeroes + 'calc_grad(xb')

with_sgd('stale-gradient', 'opt.step()', '', 'opt.zero_grad()', 'opt.step()\nopt.zero_grad()')


written(under_no_grad, 'stale-gradient', 'loss = loss_func(model(xb), yb)', '', 'loss.backward()', '', 'p -=',
    'if p.grad is None: continue\np -=', 'p.grad.zero_()', 'p.grad.zero_()\n<<loss_func(model(xb), yb).backward()')
written(gradients_without_backward, 'stale-gradient', 'for xb, yb in dl', 'for i, (xb, yb) in enumerate(dl)',
        'grads =', 'if i == 0: grads =')
written(through_calc_grad, 'stale-gradient', 'calc_grad(xb, yb, model, loss_func)', '', 'p.grad = None',
    '<<for p in params: p.grad = None', 'for xb',
    'xb, yb = next(iter(dl))\ncalc_grad(xb, yb, model, loss_func)\nfor xb')


# Steps that go elsewhere

adds_the_gradient, _ = plain('wrong-sign', 'p -=', 'p +=')
plain('wrong-sign', 'p -= lr*p.grad', 'p.add_(p.grad, alpha=lr)')
written(optimizer_of_torch, 'wrong-sign', 'loss = loss_func', 'loss = -loss_func')
written(through_calc_grad, 'wrong-sign', 'p.data -= lr*p.grad', 'p.data = p.data - (-lr*p.grad)')
written(calls_the_two, 'wrong-sign', 'train_epoch(model, lr', 'train_epoch(model, -lr')
written(OfTheBook, 'wrong-sign', '-=', '+=')
written(UnderNoGrad, 'wrong-sign', '= learning_rate', '= -learning_rate')
written(returns_the_loss, 'wrong-sign', 'loss.backward()', '(-loss).backward()')

plain('lr-ignored', 'lr*p.grad', 'p.grad')
with_sgd('lr-ignored', ', lr=lr', '')
written(through_calc_grad, 'lr-ignored', 'for xb', 'lr = .1\nfor xb')
written(calls_the_two, 'lr-ignored', 'train_epoch(model, lr', 'train_epoch(model, 1e-2')
written(OfTheBook, 'lr-ignored', 'list(params), lr', 'list(params), 1e-3')
written(UnderNoGrad, 'lr-ignored', 'alpha=self.learning_rate', 'alpha=1')

plain('bias-not-updated', 'for p in params:', 'for p in params[:-1]:')
written(optimizer_of_torch, 'bias-not-updated', 'SGD(params', 'SGD([p for p in params if p.ndim > 1]')
written(gradients_without_backward, 'bias-not-updated', 'for xb', 'params = params[::2]\nfor xb')
written(loop_in_a_loop, 'bias-not-updated', 'for p in params', 'for i, p in enumerate(params)',
        'p -=', 'if i % 2 == 0: p -=')
written(OfTheBook, 'bias-not-updated', 'list(params), lr', 'list(params)[:-1], lr')


the_step = 'for p in self.params: p.data -= p.grad.data*self.lr'
written(OfTheBook, 'bias-not-updated', the_step, 'self.params[0].data -= self.lr*self.params[0].grad')


with_sgd('momentum-added', 'lr=lr', 'lr=lr, momentum=.8')


written(under_no_grad, 'momentum-added', 'for xb', 'vs = [torch.zeros_like(p) for p in params]\nfor xb',
        'for p in params:', 'for p, v in zip(params, vs):', 'p -= lr*p.grad', 'v.mul_(.9).add_(p.grad)\np -= lr*v')
written(through_calc_grad, 'momentum-added', 'for xb', 'v = [0]*len(params)\nfor xb', 'for p in params',
    'for i, p in enumerate(params)', 'p.data -= lr*p.grad', 'v[i] = .5*v[i] - lr*p.grad\np.data += v[i]')
written(InheritsFromTorch, 'momentum-added', 'lr=lr', 'lr=lr, momentum=.6')


@wrongly('momentum-added', 'BasicOptim')
class WithMomentum:
    def __init__(self, params, lr, mom=.9):
        self.params, self.lr, self.mom = list(params), lr, mom
        self.avg = [torch.zeros_like(p) for p in self.params]
    def step(self):
        for i, p in enumerate(self.params):
            self.avg[i] = self.mom*self.avg[i] + p.grad
            p.data -= self.lr*self.avg[i]
    def zero_grad(self):
        for p in self.params: p.grad = None


plain('weight-decay-added', 'lr*p.grad', 'lr*(p.grad + .1*p)')
written(optimizer_of_torch, 'weight-decay-added', 'lr=lr', 'lr=lr, weight_decay=1e-2')
written(optimizer_of_torch, 'weight-decay-added', 'yb)', 'yb) + .01*sum((p**2).sum() for p in params)')
written(through_calc_grad, 'weight-decay-added', 'p.data -= lr*p.grad', 'p.data.mul_(1 - lr*.05).sub_(lr*p.grad)')
written(OfTheBook, 'weight-decay-added', 'p.grad.data*self.lr', 'self.lr*(p.grad + .02*p.data)')

plain('divided-by-batch-size', 'lr*p.grad', 'lr*p.grad/len(xb)')
written(optimizer_of_torch, 'divided-by-batch-size', 'yb)', 'yb)/yb.shape[0]')
written(through_calc_grad, 'divided-by-batch-size', 'lr*p.grad', 'lr/len(xb)*p.grad')
written(returns_the_loss, 'divided-by-batch-size', 'loss.backward()', '(loss/len(xb)).backward()')
written(mnist_loss_only, 'divided-by-batch-size', 'yb)', 'yb)/len(xb)')


# Batches that are lost, or come back

plain('only-first-batch', 'p.grad.zero_()', 'p.grad.zero_()\n<<break')
written(optimizer_of_torch, 'only-first-batch', 'in dl', 'in itertools.islice(dl, 1)')
written(under_no_grad, 'only-first-batch', 'p.grad.zero_()', 'p.grad.zero_()\n<<return loss.item()')
written(through_calc_grad, 'only-first-batch', 'in dl', 'in [next(iter(dl))]')

plain('first-batch-skipped', 'for xb, yb in dl:', 'for i, (xb, yb) in enumerate(dl):\n    if i == 0: continue')
written(optimizer_of_torch, 'first-batch-skipped', 'for xb, yb in dl',
    'batches = iter(dl)\nprint(next(batches))\nfor xb, yb in batches')
written(through_calc_grad, 'first-batch-skipped', 'in dl', 'in list(dl)[1:]')
written(calls_the_two, 'first-batch-skipped', 'dl, loss_func', 'list(dl)[1:], loss_func')

plain('last-batch-dropped', 'in dl', 'in list(dl)[:-1]')
written(optimizer_of_torch, 'last-batch-dropped', 'for xb, yb in dl:',
         'bs = len(next(iter(dl))[0])\nfor xb, yb in dl:\n    if len(xb) < bs: continue')
written(through_calc_grad, 'last-batch-dropped', 'for xb, yb in dl:',
        'batches = list(dl)\nfor i in range(len(batches) - 1):\n    xb, yb = batches[i]')


@wrongly('last-batch-dropped', 'train_epoch')
def fetches_one_ahead(model, lr, params, dl):
    opt, batch = torch.optim.SGD(params, lr), None
    for following in dl:
        if batch is not None:
            mnist_loss(model(batch[0]), batch[1]).backward()
            opt.step()
            opt.zero_grad()
        batch = following


with_sgd('only-last-batch', 'opt.step()', '<opt.step()')
written(under_no_grad, 'only-last-batch', 'in dl', 'in list(dl)[-1:]')


written(under_no_grad, 'only-last-batch', *out('loss.backward()', 'with torch', 'for p in', 'p -=', 'p.grad.zero_()'))


plain('batch-used-twice', 'in dl', 'in [batch for batch in dl for _ in range(2)]')
written(optimizer_of_torch, 'batch-used-twice', 'opt.step()',
    'opt.step()\nopt.zero_grad()\ncalc_grad(xb, yb, model, loss_func)\nopt.step()')
written(through_calc_grad, 'batch-used-twice', 'in dl', 'in [*dl, list(dl)[-1]]')
written(returns_the_loss, 'batch-used-twice', 'return loss', 'loss_func(model(xb), yb).backward()\nreturn loss')


written(through_calc_grad, 'batch-used-twice', 'in dl', 'in [next(iter(dl)), *dl]')


plain('one-update-per-epoch', *out('with torch', 'for p in', 'p -=', 'p.grad.zero_()'))
written(optimizer_of_torch, 'one-update-per-epoch', 'opt.step()', '<opt.step()', 'opt.zero_grad()', '', 'for xb',
    'opt.zero_grad()\nfor xb')


@wrongly('one-update-per-epoch', 'train_epoch')
def losses_added_up(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    opt.zero_grad()
    total = 0
    for xb, yb in dl: total += loss_func(model(xb), yb)
    total.backward()
    opt.step()


# Updates that do not arrive

plain('step-missing', 'p -= lr*p.grad', '')
written(under_no_grad, 'step-missing', 'p -= lr*p.grad', '', 'p.grad.zero_()', 'p.grad')
written(optimizer_of_torch, 'step-missing', 'opt.step()', 'opt.step')
written(OfTheBook, 'step-missing', the_step, 'pass')
written(UnderNoGrad, 'step-missing', 'p.sub_(p.grad, alpha=self.learning_rate)', 'p.grad.zero_()')

new_p_has_no_grad, _ = plain('parameters-rebound', 'p -=', 'p = p -')
written(under_no_grad, 'parameters-rebound', 'p -=', 'new = p -')
written(through_calc_grad, 'parameters-rebound', 'p.data -=', 'new = p -')
written(through_calc_grad, 'parameters-rebound', 'for p in params', 'for i, p in enumerate(params)',
        'p.data -= lr*p.grad', 'params[i] = (p.detach() - lr*p.grad).requires_grad_()')
written(OfTheBook, 'parameters-rebound', 'p.data -=', 'p = p -')


written(OfTheBook, 'parameters-rebound', the_step, 'self.params = [p.detach() - self.lr*p.grad for p in self.params]')


plain('update-under-autograd', 'with torch.no_grad():', 'if True:')
written(through_calc_grad, 'update-under-autograd', 'p.data -=', 'p[:] = p -')
written(gradients_without_backward, 'update-under-autograd', 'with torch.no_grad():', 'if True:', 'p -= lr*g',
    'p.copy_(p - lr*g)')
written(OfTheBook, 'update-under-autograd', 'p.data -= p.grad.data', 'p -= p.grad')

plain('backward-missing', 'loss.backward()', '')
written(optimizer_of_torch, 'backward-missing', 'loss.backward()', 'loss.backward')
written(through_calc_grad, 'backward-missing', 'calc_grad(xb, yb, model, loss_func)', 'loss_func(model(xb), yb)',
        'p.data -=', 'if p.grad is not None: p.data -=')
written(returns_the_loss, 'backward-missing', 'loss.backward()', '')
written(mnist_loss_only, 'backward-missing', 'loss.backward(torch.ones_like(loss))', 'loss.backward')

plain('backward-twice', 'loss.backward()', 'loss.backward()\nloss.backward()')
written(optimizer_of_torch, 'backward-twice', 'loss_func(model(xb), yb)', 'calc_grad(xb, yb, model, loss_func)')
written(returns_the_loss, 'backward-twice', 'return loss', 'loss.backward()\nreturn loss')

plain('loss-detached', 'yb)', 'yb).item()')
plain('loss-detached', 'loss.backward()', 'torch.tensor(loss.item(), requires_grad=True).backward()')
written(optimizer_of_torch, 'loss-detached', 'model(xb)', 'model(xb).detach()')
written(optimizer_of_torch, 'loss-detached', 'model(xb)', 'model(xb).detach()', 'loss.backward()',
    'loss.requires_grad = True\nloss.backward()')
written(returns_the_loss, 'loss-detached', 'loss.backward()', 'loss = torch.tensor(loss.item())\nloss.backward()')
written(returns_the_loss, 'loss-detached', 'yb)', 'yb).data', 'loss.backward()', 'loss.requires_grad_().backward()')
written(returns_nothing, 'loss-detached', 'preds = model(xb)', 'with torch.no_grad(): preds = model(xb)')


@wrongly('loss-detached', 'train_epoch')
@torch.no_grad()
def all_under_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p -= lr*p.grad
            p.grad.zero_()


plain('loss-func-ignored', '= loss_func(', '= mnist_loss(')
written(through_calc_grad, 'loss-func-ignored', 'model, loss_func)', 'model)')
written(calls_the_two, 'loss-func-ignored', 'dl, loss_func)', 'dl)')
written(returns_the_loss, 'loss-func-ignored', '= loss_func(', '= mnist_loss(')


written(returns_nothing, 'loss-func-ignored', 'loss_func(preds, yb)', '(preds.sigmoid() - yb).abs().mean()')


plain('arguments-swapped', '(model(xb), yb)', '(yb, model(xb))')
written(optimizer_of_torch, 'arguments-swapped', '(model(xb), yb)', '(yb.float(), model(xb))')
written(returns_nothing, 'arguments-swapped', 'preds, yb', 'yb, preds')


written(calls_the_two, 'arguments-swapped', 'dl, loss_func)', 'dl, lambda preds, targets: loss_func(targets, preds))')


plain('one-batch-only', 'for xb, yb in dl', 'xb, yb = next(iter(dl))\nfor batch in dl')
written(through_calc_grad, 'one-batch-only', 'for xb, yb in dl:',
    'for _ in range(len(dl)):\n    xb, yb = next(iter(dl))')


# train_model and what it returns

written(calls_the_two, 'epochs-ignored', 'return', '    return')


written(calls_the_two, 'epochs-ignored', 'for _ in range(epochs)', 'if True')
written(loop_in_a_loop, 'epochs-ignored', 'for epoch in range(epochs)', 'for epochs in range(1)')
measures = 'accs.append(validate_epoch(model, valid_dl))'
written(calls_the_two, 'nothing-returned', 'return accs', '')
accuracies_printed = written(calls_the_two, 'nothing-returned', measures, 'print(validate_epoch(model, valid_dl))',
    'return accs', '')
written(calls_the_two, 'nothing-returned', measures, 'accs.append(print(validate_epoch(model, valid_dl)))')
written(calls_the_two, 'measured-before-training', 'train_epoch(model, lr, params, dl, loss_func)', '',
        measures, f'{measures}\ntrain_epoch(model, lr, params, dl, loss_func)')


@wrongly('measured-before-training', 'train_model')
def old_predictions(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for _ in range(epochs):
        preds, targs = (torch.cat(t) for t in zip(*[(model(xb), yb) for xb, yb in valid_dl]))
        for xb, yb in dl:
            opt.zero_grad()
            loss_func(model(xb), yb).backward()
            opt.step()
        accs.append(batch_accuracy(preds, targs).item())
    return accs


written(calls_the_two, 'measured-on-training-set', 'valid_dl))', 'dl))')


written(loop_in_a_loop, 'measured-on-training-set', 'validate_epoch(model, valid_dl)',
        'torch.cat([(model(xb) > 0) == yb for xb, yb in dl]).float().mean().item()')


written(calls_the_two, 'last-accuracy-only', 'return accs', 'return accs[-1]')


written(calls_the_two, 'last-accuracy-only', 'accs = []', '', 'train_epoch(', 'accs = []\ntrain_epoch(')
written(calls_the_two, 'last-accuracy-only', *out(measures))
written(comprehension, 'not-measured', 'return validate_epoch(model, valid_dl)', '')
written(calls_the_two, 'not-measured', 'train_epoch(model, lr, params, dl, loss_func)', '',
        'validate_epoch(model, valid_dl)', 'train_epoch(model, lr, params, dl, loss_func)')


written(loop_in_a_loop, 'not-measured', 'validate_epoch(model, valid_dl)', 'loss.detach()')
written(loop_in_a_loop, 'not-measured', 'for xb', 'losses = []\nfor xb', 'loss.backward()',
    'loss.backward()\nlosses.append(loss.item())', 'validate_epoch(model, valid_dl)', 'sum(losses)/len(losses)')


# BasicOptim only

written(OfTheBook, 'generator-used-up', 'list(params)', 'params')
written(UnderNoGrad, 'generator-used-up', 'tuple(parameters)', '(p for p in parameters if p.requires_grad)')


written(OfTheBook, 'generator-used-up', 'self.params, self.lr =', 'self.n = len(list(params)); self.params, self.lr =')


# Losses

returns('mnist_loss', 'loss-summed', 'p = predictions.sigmoid(); torch.where(targets == 1, 1 - p, p).sum()')
returns('mse', 'loss-summed', '((preds - targets)**2).sum()', "F.mse_loss(preds, targets, reduction='sum')")
returns('mnist_loss', 'loss-halved', '.5*(predictions.sigmoid() - targets).abs().mean()',
        'p = predictions.sigmoid(); (((1 - p)*(targets == 1)).mean() + (p*(targets == 0)).mean())/2')
returns('mse', 'loss-halved', '((preds - targets)**2/2).mean()', '(targets - preds).pow(2).sum()/(2*targets.numel())')
returns('mnist_loss', 'loss-not-averaged', 'p = predictions.sigmoid(); torch.where(targets == 1, 1 - p, p)',
        '(predictions.sigmoid() - targets).abs().mean(dim=1)')
returns('mse', 'loss-not-averaged', '(preds - targets)**2', "F.mse_loss(preds, targets, reduction='none')")
returns('mnist_loss', 'sigmoid-missing', 'torch.where(targets == 1, 1 - predictions, predictions).mean()',
        '(predictions - targets).abs().mean()',
        'predictions.sigmoid(); t = targets.float(); (t*(1 - predictions) + (1 - t)*predictions).mean()')
returns('mnist_loss', 'sigmoid-twice', 'mnist_loss(torch.sigmoid(predictions), targets)',
        'p = predictions.sigmoid().sigmoid(); torch.where(targets == 1, 1 - p, p).mean()')
returns('mnist_loss', 'targets-swapped', 'p = predictions.sigmoid(); torch.where(targets == 1, p, 1 - p).mean()',
        'p = predictions.sigmoid(); torch.where(targets == 0, 1 - p, p).mean()',
        '(predictions.sigmoid() - (1 - targets)).abs().mean()')
returns('mnist_loss', 'squared-error-instead', '((predictions.sigmoid() - targets)**2).mean()',
        'F.mse_loss(torch.sigmoid(predictions), targets.to(predictions.dtype))')
returns('mse', 'absolute-error-instead', '(preds - targets).abs().mean()', 'F.l1_loss(preds, targets)')
rmse, _ = returns('mse', 'root-taken', '((preds - targets)**2).mean().sqrt()',
                  'torch.norm(preds - targets)/math.sqrt(preds.numel())')
returns('mnist_loss', 'cross-entropy-instead',
    'p = predictions.sigmoid(); -torch.where(targets == 1, p, 1 - p).log().mean()',
    'F.binary_cross_entropy_with_logits(predictions, targets.to(predictions.dtype))',
    'p, t = predictions.sigmoid(), targets.float(); (-t*p.log() - (1 - t)*(1 - p).log()).mean()')
returns('mnist_loss', 'loss-not-differentiable', '((predictions.sigmoid() > .5) != targets).float().mean()',
        'p = predictions.sigmoid(); torch.where(targets == 1, 1 - p, p).mean().item()',
        'torch.tensor([abs(p.sigmoid().item() - t.item()) for p, t in zip(predictions, targets)]).mean()')
returns('mse', 'loss-not-differentiable', '((preds.detach() - targets)**2).mean()',
    'float(((preds - targets)**2).mean())')
targets_squeezed, _ = returns('mnist_loss', 'labels-broadcast',
    'p = predictions.sigmoid(); torch.where(targets.squeeze() == 1, 1 - p, p).mean()',
    '(predictions[:, 0].sigmoid() - targets).abs().mean()')
returns('mse', 'labels-broadcast', '((preds.flatten() - targets.reshape(-1, 1))**2).mean()',
        'diff = preds.view(-1, 1) - targets.view(-1); (diff**2).mean()')
mse_printed, = returns('mse', 'nothing-returned', 'print(((preds - targets)**2).mean())')
returns('mnist_loss', 'nothing-returned', 'loss = (predictions.sigmoid() - targets).abs().mean(); None')


@wrongly('loss-summed', 'mnist_loss')
def sum_in_a_loop(predictions, targets):
    total = 0.
    for p, t in zip(predictions, targets): total += (p.sigmoid() - t).abs().squeeze()
    return total


# Metrics

returns('batch_accuracy', 'threshold-wrong', '((xb > .5) == yb).float().mean()',
        'preds = xb.sigmoid(); ((preds > 0) == yb.bool()).float().mean().item()')
returns('batch_accuracy', 'accuracy-inverted', '((xb.sigmoid() > .5) != yb).float().mean()',
        'correct = (xb.sigmoid() < .5) == yb; correct.sum().item()/len(yb)')
returns('batch_accuracy', 'percent-not-fraction', '100*((xb > 0) == yb).float().mean()',
        'correct = ((xb.sigmoid() > .5) == yb).sum().item(); round(correct/len(yb)*100, 2)')
returns('batch_accuracy', 'counted-not-averaged', '((xb.sigmoid() > .5) == yb).float().sum()',
        'sum((p > 0) == (t == 1) for p, t in zip(xb, yb))')
returns('batch_accuracy', 'labels-broadcast', '((xb[:, 0] > 0) == yb).float().mean()')
returns('batch_accuracy', 'nothing-returned', 'print(((xb.sigmoid() > .5) == yb).float().mean())')
returns('validate_epoch', 'threshold-wrong',
    'torch.cat([(model(xb) > .5) == yb for xb, yb in valid_dl]).float().mean().item()')
returns('validate_epoch', 'counted-not-averaged', 'sum(((model(xb) > 0) == yb).sum().item() for xb, yb in valid_dl)',
        'sum(((model(xb) > 0) == yb).sum().item() for xb, yb in valid_dl)/len(valid_dl)')
returns('validate_epoch', 'batches-unweighted',
    'np.mean([batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl])',
    'accs = [batch_accuracy(model(xb), yb) for xb, yb in valid_dl]; round(torch.stack(accs).mean().item(), 4)')
returns('validate_epoch', 'first-batch-measured', 'xb, yb = next(iter(valid_dl)); batch_accuracy(model(xb), yb).item()')
returns('validate_epoch', 'nothing-returned', 'print(validate_epoch(model, valid_dl))')

written(weighted_by_size, 'labels-broadcast', 'batch_accuracy(model(xb), yb)',
    '((model(xb) > 0) == yb.squeeze(1)).float().mean()')
written(weighted_by_size, 'accuracy-inverted', 'batch_accuracy(model(xb), yb)', '(1 - batch_accuracy(model(xb), yb))')
written(weighted_by_size, 'percent-not-fraction', '(total/n).item()', '100*(total/n).item()')
written(weighted_by_size, 'counted-not-averaged', '(total/n)', 'total')
written(weighted_by_size, 'batches-unweighted', '*len(xb)', '', 'n += len(xb)', 'n += 1')
written(weighted_by_size, 'last-batch-only', 'total += batch_accuracy(model(xb), yb)*len(xb)',
    'total = batch_accuracy(model(xb), yb)', 'n += len(xb)', 'n = 1')
written(weighted_by_size, 'first-batch-measured', 'n += len(xb)', 'n += len(xb)\nbreak')
written(weighted_by_size, 'trained-while-measuring', 'n += len(xb)',
    'n += len(xb)\nmnist_loss(model(xb), yb).backward()')


written(calls_the_two, 'trained-while-measuring', measures,
    f'for xb, yb in valid_dl: calc_grad(xb, yb, model)\n{measures}')


@wrongly('batches-unweighted', 'validate_epoch')
def running_mean(model, valid_dl):
    acc = 0
    for i, (xb, yb) in enumerate(valid_dl): acc += (batch_accuracy(model(xb), yb) - acc)/(i + 1)
    return acc


@wrongly('last-batch-only', 'validate_epoch')
def appends_after_the_loop(model, valid_dl):
    accs = []
    for xb, yb in valid_dl:
        preds = model(xb)
    accs.append(batch_accuracy(preds, yb))
    return torch.stack(accs).mean().item()


@wrongly('trained-while-measuring', 'validate_epoch')
def gradients_while_measuring(model, valid_dl):
    for xb, yb in valid_dl: calc_grad(xb, yb, model)
    return validate_epoch(model, valid_dl)


# Parameters and models

randn = 'torch.randn(size)*std'
returns('init_params', 'requires-grad-missing', randn, 'p = torch.empty(size).normal_(std=std); p.requires_grad; p')
returns('init_params', 'not-a-leaf', 'torch.randn(size, requires_grad=True)*std',
    'p = torch.randn(size).requires_grad_(); p = std*p; p')
returns('init_params', 'std-ignored', 'torch.randn(size).requires_grad_()',
    'p = torch.empty(size).normal_(); p*std; nn.Parameter(p)')
returns('init_params', 'all-zeros', 'torch.zeros(size, requires_grad=True)', '(torch.zeros(size)*std).requires_grad_()')
returns('init_params', 'uniform-instead', '(torch.rand(size)*std).requires_grad_()',
    'nn.Parameter(torch.empty(size).uniform_(-std, std))')
returns('init_params', 'float64-parameters', '(torch.randn(size).double()*std).requires_grad_()',
        'torch.from_numpy(std*np.random.standard_normal(size)).requires_grad_()')
returns('init_params', 'same-numbers-each-time', f'torch.manual_seed(42); ({randn}).requires_grad_()',
        'g = torch.Generator().manual_seed(0); (torch.randn(size, generator=g)*std).requires_grad_()')
returns('init_params', 'nothing-returned', f'({randn}).requires_grad_(); None')
written(randn_times_std, 'other-default', 'std=1.0', 'std=0.01')
written(as_a_parameter, 'other-default', 'std=1.0', 'std=2')


@wrongly('requires-grad-missing', 'init_params')
@torch.no_grad()
def lost_under_no_grad(size, std=1.0): return torch.randn(size, requires_grad=True)*std


product_only, _ = returns('linear1', 'bias-not-added', 'xb @ weights',
    'res = torch.matmul(xb, weights); res + bias; res')
returns('linear1', 'activation-on-output', 'torch.sigmoid(xb @ weights + bias)', 'F.linear(xb, weights.T, bias).relu()')
returns('linear1', 'predictions-detached', '(xb @ weights + bias).detach()', 'torch.addmm(bias.data, xb, weights.data)')
returns('linear1', 'predictions-flat', '(xb @ weights + bias).squeeze(1)',
    'preds = torch.mm(xb, weights).add(bias); preds.squeeze()')
returns('linear1', 'nothing-returned', 'res = xb @ weights + bias; None')
returns('simple_net', 'bias-not-added', '(xb @ w1).relu() @ w2', 'res = F.relu(xb @ w1 + b1); res @ w2',
    '(xb @ w1).clamp_min(0) @ w2 + b2')
returns('simple_net', 'activation-missing', 'linear1(linear1(xb, w1, b1), w2, b2)',
    'res = xb @ w1 + b1; F.relu(res); res @ w2 + b2')
returns('simple_net', 'activation-on-output', 'h = F.relu(xb @ w1 + b1); (h @ w2 + b2).sigmoid()')
returns('simple_net', 'other-activation', 'torch.sigmoid(xb @ w1 + b1) @ w2 + b2',
    'res = (xb @ w1 + b1).tanh(); res @ w2 + b2', 'linear1(F.leaky_relu(linear1(xb, w1, b1), .1), w2, b2)')
returns('simple_net', 'predictions-detached', 'h = (xb @ w1.data + b1.data).relu(); h @ w2.data + b2.data')
returns('simple_net', 'predictions-flat', '((xb @ w1 + b1).relu() @ w2 + b2).squeeze(-1)')
returns('simple_net', 'nothing-returned', 'res = (xb @ w1 + b1).relu(); res = res @ w2 + b2; None')


@wrongly('predictions-detached', 'linear1')
@torch.no_grad()
def layer_under_no_grad(xb, weights, bias): return torch.addmm(bias, xb, weights)


@wrongly('activation-on-output', 'simple_net')
def relu_after_each_layer(xb, w1, b1, w2, b2):
    for w, b in (w1, b1), (w2, b2): xb = (xb @ w + b).relu()
    return xb


# In larger functions

for slug in ('loss-summed', 'loss-halved', 'loss-not-averaged', 'labels-broadcast', 'sigmoid-missing', 'sigmoid-twice',
             'squared-error-instead', 'cross-entropy-instead'):
    inside('calc_grad', slug, *[f for name, f in wrong[slug] if name == 'mnist_loss'])
for slug in 'loss-summed', 'sigmoid-missing', 'sigmoid-twice', 'squared-error-instead', 'cross-entropy-instead':
    inside('train_epoch', slug, *[f for name, f in wrong[slug] if name == 'mnist_loss'])
for slug in 'threshold-wrong', 'accuracy-inverted', 'percent-not-fraction', 'counted-not-averaged':
    inside('validate_epoch', slug, *[f for name, f in wrong[slug] if name == 'batch_accuracy'])
for slug in 'threshold-wrong', 'accuracy-inverted', 'percent-not-fraction', 'batches-unweighted', 'last-batch-only':
    inside('train_model', slug, *[f for name, f in wrong[slug] if name == 'validate_epoch'][:2])


# Two mistakes at once

written(under_no_grad, 'wrong-sign + gradients-not-zeroed', 'p -=', 'p +=', 'p.grad.zero_()', '')
written(through_calc_grad, 'last-batch-dropped + gradients-not-zeroed', 'in dl', 'in list(dl)[:-1]', 'p.grad = None',
    '')
written(through_calc_grad, 'bias-not-updated + wrong-sign', 'for p in',
    'for p in params[::2]: p.data += lr*p.grad\nfor p in', 'p.data -= lr*p.grad', '')
written(optimizer_of_torch, 'momentum-added + weight-decay-added', 'lr=lr', 'lr=lr, momentum=.9, weight_decay=.01')
written(under_no_grad, 'lr-ignored + wrong-sign', 'p -= lr*p.grad', 'p += p.grad')
written(optimizer_of_torch, 'momentum-added + last-batch-dropped', 'lr=lr', 'lr=lr, momentum=.7', 'in dl',
    'in list(dl)[:-1]')
written(under_no_grad, 'divided-by-batch-size + first-batch-skipped', 'lr*p.grad', 'lr*p.grad/len(xb)', 'in dl',
    'in list(dl)[1:]')
written(under_no_grad, 'loss-func-ignored + lr-ignored', '= loss_func', '= mnist_loss', 'lr*p.grad', '.1*p.grad')
written(under_no_grad, 'zeroed-once-an-epoch + divided-by-batch-size', 'p.grad.zero_()', '', 'yb)', 'yb)/len(yb)',
        'for xb', 'for p in params: p.grad = None\nfor xb')
written(calls_the_two, 'loss-func-ignored + measured-before-training', 'accs.append(validate_epoch(model, valid_dl))',
    'train_epoch(model, lr, params, dl)', 'train_epoch(model, lr, params, dl, loss_func)',
    'accs.append(validate_epoch(model, valid_dl))')
written(OfTheBook, 'wrong-sign + gradients-not-zeroed', '-=', '+=', 'p.grad = None', 'p.grad')
written(returns_the_loss, 'loss-func-ignored + divided-by-batch-size', '= loss_func(model(xb), yb)',
    '= mnist_loss(model(xb), yb)/len(xb)')
sums_logits, = returns('mnist_loss', 'sigmoid-missing + loss-summed',
    'torch.where(targets == 1, 1 - predictions, predictions).sum()')
returns('mnist_loss', 'targets-swapped + loss-halved',
    'p = predictions.sigmoid(); torch.where(targets == 1, p, 1 - p).mean()/2')
returns('mnist_loss', 'squared-error-instead + sigmoid-missing', '((predictions - targets)**2).mean()')
returns('mnist_loss', 'cross-entropy-instead + loss-summed',
        "F.binary_cross_entropy_with_logits(predictions, targets.to(predictions.dtype), reduction='sum')")
returns('mnist_loss', 'labels-broadcast + targets-swapped',
        'p, t = predictions.sigmoid(), targets.squeeze(1); torch.where(t == 0, 1 - p, p).mean()')
returns('mse', 'loss-summed + loss-halved', '.5*((preds - targets)**2).sum()')
returns('mse', 'absolute-error-instead + loss-not-averaged', '(preds - targets).abs()')
returns('batch_accuracy', 'threshold-wrong + percent-not-fraction', '100*((xb > .5) == yb).float().mean()')
returns('batch_accuracy', 'accuracy-inverted + counted-not-averaged', '((xb.sigmoid() > .5) != yb).sum().item()')
returns('validate_epoch', 'batches-unweighted + percent-not-fraction',
        'accs = [100*batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl]; sum(accs)/len(accs)')
returns('init_params', 'uniform-instead + requires-grad-missing', 'torch.rand(size)*std')
returns('init_params', 'std-ignored + requires-grad-missing', 'torch.randn(size)')
returns('linear1', 'bias-not-added + activation-on-output', '(xb @ weights).sigmoid()')
returns('linear1', 'bias-not-added + predictions-flat', '(xb @ weights).squeeze(1)')
returns('simple_net', 'activation-missing + activation-on-output', '((xb @ w1 + b1) @ w2 + b2).relu()')
returns('simple_net', 'other-activation + predictions-detached', 'linear1(linear1(xb, w1, b1).tanh(), w2, b2).detach()')
inside('calc_grad', 'sigmoid-missing + loss-summed', sums_logits)


written(calls_the_two, 'measured-on-training-set + last-accuracy-only', 'valid_dl))', 'dl))', 'return accs',
    'return accs[-1]')
written(calls_the_two, 'wrong-sign + epochs-ignored', 'train_epoch(model, lr', 'train_epoch(model, -lr',
    'for _ in range(epochs)', 'if True')
written(OfTheBook, 'lr-ignored + bias-not-updated', the_step, 'self.params[0].data -= .1*self.params[0].grad')
written(WithMomentum, 'momentum-added + weight-decay-added', '+ p.grad', '+ p.grad + .01*p.detach()')
written(weighted_by_size, 'last-batch-only + accuracy-inverted', 'total += batch_accuracy(model(xb), yb)*len(xb)',
        'total = 1 - batch_accuracy(model(xb), yb)', 'n += len(xb)', 'n = 1')


@doubly('train_epoch', 'one-update-per-epoch', 'wrong-sign')
def climbs_once(model, lr, params, dl):
    total = sum(mnist_loss(model(xb), yb) for xb, yb in dl)
    total.backward()
    with torch.no_grad():
        for p in params:
            p += lr*p.grad
            p.grad.zero_()


# Mistakes without a name

written(under_no_grad, 'strangely', 'lr*p.grad', 'lr*p.grad.sign()')
written(optimizer_of_torch, 'strangely', 'opt.step()', 'nn.utils.clip_grad_norm_(params, 1e-3)\nopt.step()')
written(optimizer_of_torch, 'strangely', 'SGD', 'Adam')
noise_added = written(through_calc_grad, 'strangely', 'lr*p.grad', 'lr*(p.grad + .1*torch.randn_like(p))')
written(through_calc_grad, 'strangely', 'for xb, yb in dl', 'for i, (xb, yb) in enumerate(dl, 1)', 'lr*', 'lr/i**2*')
written(calls_the_two, 'strangely', 'dl, loss_func)', 'valid_dl, loss_func)')
written(returns_the_loss, 'strangely', 'loss.backward()', '(loss**2).backward()')
written(returns_the_loss, 'strangely', 'loss.backward()', '(0*loss).backward()')
written(returns_nothing, 'strangely', 'loss.backward()', 'torch.autograd.grad(loss, preds)')
returns('mse', 'strangely', '((preds - targets)**4).mean()')
hinge, = returns('mnist_loss', 'strangely', '(1 - (2*targets - 1)*predictions).relu().mean()')
share_of_ones, = returns('batch_accuracy', 'strangely', '(xb > 0).float().mean()')
worst_batch, = returns('validate_epoch', 'strangely',
    'min(batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl)')
returns('init_params', 'strangely', 'torch.full(size if isinstance(size, tuple) else (size,), std, requires_grad=True)')
bias_subtracted, = returns('linear1', 'strangely', 'xb @ weights - bias')
returns('simple_net', 'strangely', '(xb.relu() @ w1 + b1) @ w2 + b2')


@strangely('BasicOptim')
class Adagrad:
    def __init__(self, params, lr):
        self.params, self.lr = list(params), lr
        self.sums = [torch.zeros_like(p) for p in self.params]
    def step(self):
        for p, s in zip(self.params, self.sums):
            s += p.grad**2
            p.data -= self.lr*p.grad/(s.sqrt() + 1e-8)
    def zero_grad(self):
        for p in self.params: p.grad = None
