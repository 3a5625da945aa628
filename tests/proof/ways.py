"""Ways to write each function: right ones, and wrong ones under the name of their mistake

Everybody writes a loop in their own words, so the same mistake looks different each time.
Names that a learner's code would find in the notebook stand at the top; they are right."""
import itertools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, tensor

right = {}  # name of the function -> ways to write it
wrong = {}  # slug of the mistake -> (name of the function, a way to make it)
pairs = []  # (name of the function, a function with two mistakes, their slugs)
unknown = []  # (name of the function, a function with a mistake that has no name)


def rightly(name): return lambda f: right.setdefault(name, []).append(f) or f
def wrongly(slug, name): return lambda f: wrong.setdefault(slug, []).append((name, f)) or f
def doubly(name, *slugs): return lambda f: pairs.append((name, f, set(slugs))) or f
def strangely(name): return lambda f: unknown.append((name, f)) or f


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


# Right: train_epoch

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
def through_data(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data -= p.grad.data*lr
            p.grad.data.zero_()


@rightly('train_epoch')
def data_is_replaced(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params: p.data = p.data - lr*p.grad
        for p in params: p.grad = None


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
def zeros_first_with_a_guard(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        for p in params:
            if p.grad is not None: p.grad.zero_()
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params: p.add_(p.grad, alpha=-lr)


@rightly('train_epoch')
def optimizer_of_torch(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss = loss_func(model(xb), yb)
        loss.backward()
        opt.step()


@rightly('train_epoch')
def optimizer_zeroing_last(model, lr, params, dl, loss_func=mnist_loss):
    optimizer = torch.optim.SGD(params, lr)
    for inputs, labels in dl:
        loss_func(model(inputs), labels).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)


@rightly('train_epoch')
def all_parameters_at_once(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        grads = [p.grad for p in params]
        with torch.no_grad(): torch._foreach_add_(params, grads, alpha=-lr)
        torch._foreach_zero_(grads)


@rightly('train_epoch')
def gradients_without_backward(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        grads = torch.autograd.grad(loss_func(model(xb), yb), params)
        with torch.no_grad():
            for p, g in zip(params, grads): p -= lr*g


@rightly('train_epoch')
def batches_read_ahead(model, lr, params, dl, loss_func=mnist_loss):
    batches = list(dl)
    for i in range(len(batches)):
        xb, yb = batches[i]
        calc_grad(xb, yb, model, loss_func)
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


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
def other_names(net, learning_rate, weights, loader, criterion=mnist_loss):
    for x, y in loader:
        output = net(x)
        error = criterion(output, y)
        error.backward()
        with torch.no_grad():
            for w in weights:
                w -= w.grad*learning_rate
                w.grad.zero_()


@rightly('train_epoch')
def returns_the_mean_loss(model, lr, params, dl, loss_func=mnist_loss):
    total, n = 0, 0
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()
        total += loss.item()*len(xb)
        n += len(xb)
    return total/n


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
def while_and_next(model, lr, params, dl, loss_func=mnist_loss):
    batches = iter(dl)
    while True:
        try: xb, yb = next(batches)
        except StopIteration: break
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data.sub_(lr*p.grad)
            p.grad.detach_().zero_()


@rightly('train_epoch')
def labels_cast_to_float(model, lr, params, dl, loss_func=mnist_loss):
    for batch in dl:
        xb, yb = batch[0], batch[1].float()
        loss = loss_func(model(xb), yb)
        loss.backward(retain_graph=True)
        with torch.no_grad():
            for p in params:
                p[:] = p - lr*p.grad
                p.grad = torch.zeros_like(p)


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


# Right: the other training functions

@rightly('calc_grad')
def returns_nothing(xb, yb, model, loss_func=mnist_loss):
    preds = model(xb)
    loss = loss_func(preds, yb)
    loss.backward()


@rightly('calc_grad')
def returns_the_loss(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    loss.backward()
    return loss


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


@rightly('train_model')
def optimizer_kept_for_all_epochs(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    history = {'accuracy': []}
    for epoch in range(epochs):
        for xb, yb in dl:
            opt.zero_grad()
            loss_func(model(xb), yb).backward()
            opt.step()
        history['accuracy'].append(validate_epoch(model, valid_dl))
    return history['accuracy']


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


# Right: losses

@rightly('mse')
def mean_of_squares(preds, targets): return ((preds - targets)**2).mean()


@rightly('mse')
def mse_of_torch(preds, targets): return F.mse_loss(preds, targets)


@rightly('mse')
def sum_over_count(y_hat, y):
    diff = y - y_hat
    return (diff*diff).sum()/diff.numel()


@rightly('mse')
def one_by_one(preds, targets):
    total = 0
    for p, t in zip(preds.flatten(), targets.flatten()): total = total + (p - t)**2
    return total/preds.numel()


@rightly('mse')
def through_the_norm(preds, targets): return torch.dist(preds, targets).pow(2)/preds.numel()


@rightly('mnist_loss')
def loss_of_the_book(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


@rightly('mnist_loss')
def distance(predictions, targets): return (predictions.sigmoid() - targets).abs().mean()


@rightly('mnist_loss')
def arithmetic_with_labels(preds, targs):
    p, t = torch.sigmoid(preds), targs.float()
    return (t*(1 - p) + (1 - t)*p).mean()


@rightly('mnist_loss')
def labels_as_bool(predictions, targets):
    p, three = 1/(1 + torch.exp(-predictions)), targets.bool()
    return (three*(1 - p) + ~three*p).mean()


@rightly('mnist_loss')
def l1_of_torch(predictions, targets):
    return F.l1_loss(predictions.sigmoid(), targets.to(predictions.dtype))


@rightly('mnist_loss')
def sign_trick(predictions, targets): return torch.sigmoid((1 - 2*targets)*predictions).mean()


@rightly('mnist_loss')
def masks(predictions, targets):
    p = nn.Sigmoid()(predictions)
    return ((1 - p)[targets == 1].sum() + p[targets == 0].sum())/len(p)


@rightly('mnist_loss')
def loop_over_items(predictions, targets):
    losses = []
    for x, t in zip(predictions.view(-1), targets.view(-1)):
        p = x.sigmoid()
        losses.append(1 - p if t == 1 else p)
    return sum(losses)/len(losses)


# Right: metrics

@rightly('batch_accuracy')
def accuracy_of_the_book(xb, yb):
    preds = xb.sigmoid()
    correct = (preds > .5) == yb
    return correct.float().mean()


@rightly('batch_accuracy')
def without_sigmoid(xb, yb): return ((xb > 0) == yb).float().mean()


@rightly('batch_accuracy')
def rounded_to_four_digits(xb, yb):
    correct = xb.sigmoid().round() == yb
    return round(correct.sum().item()/len(yb), 4)


@rightly('batch_accuracy')
def share_without_error(xb, yb):
    guess = torch.where(torch.sigmoid(xb) >= .5, 1, 0)
    return 1 - (guess - yb).abs().double().mean().item()


@rightly('batch_accuracy')
def counts_in_a_loop(predictions, labels):
    n = 0
    for p, t in zip(predictions, labels):
        if (p.item() > 0) == (t.item() == 1): n += 1
    return n/len(labels)


@rightly('batch_accuracy')
def numpy_compares(xb, yb):
    return np.mean((xb.detach().numpy() > 0) == (yb.numpy() > .5))


@rightly('batch_accuracy')
def both_flat(xb, yb):
    return (xb.squeeze().gt(0) == yb.squeeze().bool()).float().mean()


@rightly('validate_epoch')
def weighted_by_size(model, valid_dl):
    total, n = 0., 0
    for xb, yb in valid_dl:
        total += batch_accuracy(model(xb), yb)*len(xb)
        n += len(xb)
    return (total/n).item()


@rightly('validate_epoch')
def all_predictions_together(model, valid_dl):
    preds = torch.cat([model(xb) for xb, yb in valid_dl])
    return round(batch_accuracy(preds, torch.cat([yb for xb, yb in valid_dl])).item(), 4)


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


# Right: parameters and models

@rightly('init_params')
def randn_times_std(size, std=1.0): return (torch.randn(size)*std).requires_grad_()


@rightly('init_params')
def normal_of_torch(size, std=1.):
    return torch.normal(0., std, size=size if isinstance(size, tuple) else (size,), requires_grad=True)


@rightly('init_params')
def filled_in_place(shape, std=1.0):
    p = torch.empty(shape).normal_(0, std)
    p.requires_grad = True
    return p


@rightly('init_params')
def as_a_parameter(size, std=1.0): return nn.Parameter(torch.randn(size).mul_(std))


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


@rightly('linear1')
def at_sign(xb, weights, bias): return xb @ weights + bias


@rightly('linear1')
def linear_of_torch(xb, weights, bias): return F.linear(xb, weights.T, bias)


@rightly('linear1')
def added_and_multiplied(xb, w, b): return torch.addmm(b, xb, w)


@rightly('linear1')
def products_summed(xb, weights, bias): return (xb[:, :, None]*weights).sum(1) + bias


@rightly('linear1')
def row_by_row(xb, weights, bias):
    rows = []
    for x in xb: rows.append(torch.matmul(x, weights).add(bias))
    return torch.stack(rows)


@rightly('simple_net')
def net_of_the_book(xb, w1, b1, w2, b2):
    res = xb @ w1 + b1
    res = res.max(torch.zeros_like(res))
    return res @ w2 + b2


@rightly('simple_net')
def layers_and_relu(xb, w1, b1, w2, b2): return linear1(linear1(xb, w1, b1).relu(), w2, b2)


@rightly('simple_net')
def functional(x, w1, b1, w2, b2):
    hidden = F.relu(F.linear(x, w1.t(), b1))
    return F.linear(hidden, w2.t(), b2)


@rightly('simple_net')
def relu_as_a_mask(xb, w1, b1, w2, b2):
    h = xb.mm(w1) + b1
    return (h*(h > 0)).mm(w2) + b2


@rightly('simple_net')
def clamped(xb, w1, b1, w2, b2): return torch.clamp(xb @ w1 + b1, min=0.) @ w2 + b2


# Gradients that are kept too long, or not long enough

@wrongly('gradients-not-zeroed', 'train_epoch')
def never_zeroed(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params: p -= lr*p.grad


@wrongly('gradients-not-zeroed', 'train_epoch')
def zero_without_parentheses(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= p.grad*lr
            p.grad.zero_


@wrongly('gradients-not-zeroed', 'train_epoch')
def zeroes_a_copy(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                grad = p.grad
                p -= lr*grad
                grad = torch.zeros_like(grad)


@wrongly('gradients-not-zeroed', 'train_epoch')
def guard_the_wrong_way_round(model, lr, params, dl):
    opt = torch.optim.SGD(params, lr)
    for xb, yb in dl:
        for p in params:
            if p.grad is None: p.grad = torch.zeros_like(p)
        mnist_loss(model(xb), yb).backward()
        opt.step()


@wrongly('gradients-not-zeroed', 'train_model')
def trains_without_zeroing(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(epochs):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            with torch.no_grad():
                for p in params: p -= lr*p.grad
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('gradients-not-zeroed', 'BasicOptim')
class ZeroGradToDo:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p.data -= p.grad.data*self.lr
    def zero_grad(self): pass


@wrongly('gradients-not-zeroed', 'BasicOptim')
class ZeroGradRebinds:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        with torch.no_grad():
            for p in self.params: p -= p.grad*self.lr
    def zero_grad(self):
        grads = [p.grad for p in self.params]
        for g in grads: g = None


@wrongly('zeroed-too-early', 'train_epoch')
def zeroed_just_before_the_step(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p.grad.zero_()
                p -= lr*p.grad


@wrongly('zeroed-too-early', 'train_epoch')
def zeroed_in_a_loop_of_its_own(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params: p.grad = torch.zeros_like(p)
        for p in params: p.data -= lr*p.grad


@wrongly('zeroed-too-early', 'train_epoch')
def optimizer_zeroed_between(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        opt.zero_grad(set_to_none=False)
        opt.step()


@wrongly('zeroed-too-early', 'train_epoch')
def set_to_none_too_early(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p.grad = None
                p -= lr*p.grad


@wrongly('zeroed-too-early', 'train_model')
def trains_with_zeroed_gradients(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for p in params: p.grad.zero_()
            with torch.no_grad():
                for p in params: p -= lr*p.grad
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('zeroed-too-early', 'BasicOptim')
class StepZeroesFirst:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        self.zero_grad()
        with torch.no_grad():
            for p in self.params: p -= self.lr*p.grad
    def zero_grad(self):
        for p in self.params: p.grad.zero_()


@wrongly('zeroed-once-an-epoch', 'train_epoch')
def zeroed_after_the_loop(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params: p -= lr*p.grad
    for p in params: p.grad.zero_()


@wrongly('zeroed-once-an-epoch', 'train_epoch')
def zeroed_before_the_loop(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    opt.zero_grad()
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        opt.step()


@wrongly('zeroed-once-an-epoch', 'train_epoch')
def zeroed_with_the_last_batch(model, lr, params, dl):
    batches = list(dl)
    for i, (xb, yb) in enumerate(batches):
        mnist_loss(model(xb), yb).backward()
        for p in params:
            p.data -= lr*p.grad
            if i == len(batches) - 1: p.grad = None


@wrongly('zeroed-once-an-epoch', 'train_model')
def epochs_begin_with_zero(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for p in params: p.grad = None
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for p in params: p.data -= lr*p.grad
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('zeroed-once-an-epoch', 'train_model')
def epochs_end_with_zero(model, lr, params, dl, valid_dl, epochs):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for _ in range(epochs):
        for xb, yb in dl:
            mnist_loss(model(xb), yb).backward()
            opt.step()
        opt.zero_grad()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('zeroed-before-backward', 'train_epoch')
def zeroes_what_is_not_there(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        for p in params: p.grad.zero_()
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params: p -= lr*p.grad


@wrongly('zeroed-before-backward', 'train_epoch')
def zeroes_after_predicting(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        for p in params: p.grad.data.zero_()
        loss.backward()
        for p in params: p.data -= lr*p.grad


@wrongly('zeroed-before-backward', 'train_model')
def trains_and_zeroes_first(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(epochs):
        for xb, yb in dl:
            for p in params: p.grad.zero_()
            calc_grad(xb, yb, model, loss_func)
            for p in params: p.data.sub_(lr*p.grad)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('stale-gradient', 'train_epoch')
def steps_before_backward(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        with torch.no_grad():
            for p in params:
                if p.grad is not None:
                    p -= lr*p.grad
                    p.grad.zero_()
        loss_func(model(xb), yb).backward()


@wrongly('stale-gradient', 'train_epoch')
def optimizer_steps_before_backward(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.step()
        opt.zero_grad()
        loss = loss_func(model(xb), yb)
        loss.backward()


@wrongly('stale-gradient', 'train_epoch')
def one_gradient_for_all(model, lr, params, dl, loss_func=mnist_loss):
    xb, yb = next(iter(dl))
    loss_func(model(xb), yb).backward()
    for xb, yb in dl:
        with torch.no_grad():
            for p in params: p -= lr*p.grad
    for p in params: p.grad.zero_()


@wrongly('stale-gradient', 'train_epoch')
def gradient_of_the_first_batch(model, lr, params, dl, loss_func=mnist_loss):
    for i, (xb, yb) in enumerate(dl):
        loss = loss_func(model(xb), yb)
        if i == 0: grads = torch.autograd.grad(loss, params)
        for p, g in zip(params, grads): p.data -= lr*g


@wrongly('stale-gradient', 'train_model')
def trains_one_batch_late(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for _ in range(epochs):
        for xb, yb in dl:
            opt.step()
            opt.zero_grad()
            loss_func(model(xb), yb).backward()
        accs.append(validate_epoch(model, valid_dl))
    return accs


# Steps that go elsewhere

@wrongly('wrong-sign', 'train_epoch')
def adds_the_gradient(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p += lr*p.grad
                p.grad.zero_()


@wrongly('wrong-sign', 'train_epoch')
def turns_the_loss_around(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss = -loss_func(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()


@wrongly('wrong-sign', 'train_epoch')
def subtracts_minus(model, lr, params, dl):
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        for p in params:
            p.data = p.data - (-lr*p.grad)
            p.grad = None


@wrongly('wrong-sign', 'train_model')
def climbs(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            with torch.no_grad():
                for p in params:
                    p.add_(p.grad, alpha=lr)
                    p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('wrong-sign', 'train_model')
def rate_with_a_minus(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, -lr, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('wrong-sign', 'BasicOptim')
class Climber:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p.data += p.grad.data*self.lr
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('wrong-sign', 'BasicOptim')
class TwiceMinus:
    def __init__(self, params, lr): self.params, self.lr = list(params), -lr
    @torch.no_grad()
    def step(self):
        for p in self.params: p.sub_(p.grad*self.lr)
    def zero_grad(self):
        for p in self.params:
            if p.grad is not None: p.grad.zero_()


@wrongly('wrong-sign', 'calc_grad')
def backward_of_minus(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    (-loss).backward()
    return loss


@wrongly('lr-ignored', 'train_epoch')
def rate_forgotten(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= p.grad
                p.grad.zero_()


@wrongly('lr-ignored', 'train_epoch')
def rate_of_the_optimizer(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params)
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        opt.step()
        opt.zero_grad()


@wrongly('lr-ignored', 'train_epoch')
def rate_overwritten(model, lr, params, dl):
    lr = .1
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('lr-ignored', 'train_model')
def rate_not_passed_on(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, 1e-2, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('lr-ignored', 'train_model')
def rate_of_one(model, lr, params, dl, valid_dl, epochs):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model)
            for p in params:
                p.data -= p.grad
                p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('lr-ignored', 'BasicOptim')
class RateFixed:
    def __init__(self, params, lr): self.params, self.lr = list(params), 1e-3
    def step(self):
        for p in self.params: p.data -= p.grad*self.lr
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('lr-ignored', 'BasicOptim')
class RateForgotten:
    def __init__(self, params, lr): self.params = list(params)
    def step(self):
        with torch.no_grad():
            for p in self.params: p -= p.grad
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('bias-not-updated', 'train_epoch')
def all_but_the_last(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params[:-1]:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('bias-not-updated', 'train_epoch')
def matrices_only(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD([p for p in params if p.ndim > 1], lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@wrongly('bias-not-updated', 'train_epoch')
def gradients_of_weights_only(model, lr, params, dl):
    weights = params[::2]
    for xb, yb in dl:
        grads = torch.autograd.grad(mnist_loss(model(xb), yb), weights)
        for w, g in zip(weights, grads): w.data -= lr*g


@wrongly('bias-not-updated', 'train_model')
def trains_weights_only(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for i, p in enumerate(params):
                if i % 2 == 0: p.data -= lr*p.grad
                p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('bias-not-updated', 'BasicOptim')
class FirstParameterOnly:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        w = self.params[0]
        w.data -= w.grad*self.lr
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('bias-not-updated', 'BasicOptim')
class LastParameterLost:
    def __init__(self, params, lr): self.params, self.lr = list(params)[:-1], lr
    def step(self):
        with torch.no_grad():
            for p in self.params: p -= self.lr*p.grad
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('momentum-added', 'train_epoch')
def velocities(model, lr, params, dl, loss_func=mnist_loss):
    vs = [torch.zeros_like(p) for p in params]
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p, v in zip(params, vs):
                v.mul_(.9).add_(p.grad)
                p -= lr*v
                p.grad.zero_()


@wrongly('momentum-added', 'train_epoch')
def optimizer_with_momentum(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr, momentum=.8)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@wrongly('momentum-added', 'train_epoch')
def rate_inside_the_velocity(model, lr, params, dl):
    v = [0]*len(params)
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        for i, p in enumerate(params):
            v[i] = .5*v[i] - lr*p.grad
            p.data += v[i]
            p.grad = None


@wrongly('momentum-added', 'train_model')
def trains_with_momentum(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr, momentum=.9), []
    for _ in range(epochs):
        for xb, yb in dl:
            opt.zero_grad()
            calc_grad(xb, yb, model, loss_func)
            opt.step()
        accs.append(validate_epoch(model, valid_dl))
    return accs


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


@wrongly('momentum-added', 'BasicOptim')
class WrapsMomentum(torch.optim.SGD):
    def __init__(self, params, lr): super().__init__(params, lr=lr, momentum=.6)


@wrongly('weight-decay-added', 'train_epoch')
def decay_in_the_gradient(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*(p.grad + .1*p)
                p.grad.zero_()


@wrongly('weight-decay-added', 'train_epoch')
def penalty_in_the_loss(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb) + .01*sum((p**2).sum() for p in params)
        loss.backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('weight-decay-added', 'train_epoch')
def optimizer_with_decay(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr, weight_decay=1e-2)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@wrongly('weight-decay-added', 'train_epoch')
def shrinks_first(model, lr, params, dl):
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        with torch.no_grad():
            for p in params:
                p.mul_(1 - lr*.05).sub_(lr*p.grad)
                p.grad.zero_()


@wrongly('weight-decay-added', 'train_model')
def trains_with_decay(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr, weight_decay=.1), []
    for _ in range(epochs):
        for xb, yb in dl:
            opt.zero_grad()
            calc_grad(xb, yb, model, loss_func)
            opt.step()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('weight-decay-added', 'BasicOptim')
class WithDecay:
    def __init__(self, params, lr, wd=.02): self.params, self.lr, self.wd = list(params), lr, wd
    def step(self):
        for p in self.params: p.data -= self.lr*(p.grad + self.wd*p.data)
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('divided-by-batch-size', 'train_epoch')
def mean_once_more(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad/len(xb)
                p.grad.zero_()


@wrongly('divided-by-batch-size', 'train_epoch')
def loss_over_size(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)/yb.shape[0]
        loss.backward()
        opt.step()
        opt.zero_grad()


@wrongly('divided-by-batch-size', 'calc_grad')
def grad_over_size(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    (loss/len(xb)).backward()
    return loss


@wrongly('divided-by-batch-size', 'calc_grad')
def loss_and_grad_over_size(xb, yb, model):
    preds = model(xb)
    loss = mnist_loss(preds, yb)/len(preds)
    loss.backward()


@wrongly('divided-by-batch-size', 'train_model')
def trains_in_tiny_steps(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for p in params:
                p.data -= lr/len(xb)*p.grad
                p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


# Batches that are lost, or come back

@wrongly('only-first-batch', 'train_epoch')
def returns_too_early(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()
        return loss.item()


@wrongly('only-first-batch', 'train_epoch')
def takes_one(model, lr, params, dl, loss_func=mnist_loss):
    xb, yb = next(iter(dl))
    calc_grad(xb, yb, model, loss_func)
    for p in params:
        p.data -= lr*p.grad
        p.grad = None


@wrongly('only-first-batch', 'train_epoch')
def slice_of_one(model, lr, params, dl):
    opt = torch.optim.SGD(params, lr)
    for xb, yb in itertools.islice(dl, 1):
        opt.zero_grad()
        mnist_loss(model(xb), yb).backward()
        opt.step()


@wrongly('only-first-batch', 'train_model')
def trains_on_one(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for p in params:
                p.data -= lr*p.grad
                p.grad.zero_()
            break
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('first-batch-skipped', 'train_epoch')
def looks_at_one_first(model, lr, params, dl, loss_func=mnist_loss):
    batches = iter(dl)
    print('shape', next(batches)[0].shape)
    for xb, yb in batches:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('first-batch-skipped', 'train_epoch')
def counts_from_one(model, lr, params, dl, loss_func=mnist_loss):
    batches = list(dl)
    for i in range(1, len(batches)):
        calc_grad(*batches[i], model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('first-batch-skipped', 'train_epoch')
def no_step_at_first(model, lr, params, dl):
    for i, (xb, yb) in enumerate(dl):
        if not i: continue
        grads = torch.autograd.grad(mnist_loss(model(xb), yb), params)
        for p, g in zip(params, grads): p.data -= lr*g


@wrongly('first-batch-skipped', 'train_model')
def trains_without_the_first(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, list(dl)[1:], loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('only-last-batch', 'train_epoch')
def step_outside_the_loop(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        preds = model(xb)
        loss = loss_func(preds, yb)
    loss.backward()
    with torch.no_grad():
        for p in params:
            p -= lr*p.grad
            p.grad.zero_()


@wrongly('only-last-batch', 'train_epoch')
def zeroed_but_stepped_once(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
    opt.step()


@wrongly('only-last-batch', 'train_epoch')
def takes_the_last(model, lr, params, dl):
    xb, yb = list(dl)[-1]
    calc_grad(xb, yb, model)
    for p in params:
        p.data -= lr*p.grad
        p.grad = None


@wrongly('only-last-batch', 'train_model')
def trains_on_the_last(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl: preds = model(xb)
        loss_func(preds, yb).backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('last-batch-dropped', 'train_epoch')
def short_batches_skipped(model, lr, params, dl, loss_func=mnist_loss):
    bs = len(next(iter(dl))[0])
    for xb, yb in dl:
        if len(xb) < bs: continue
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('last-batch-dropped', 'train_epoch')
def counts_to_one_less(model, lr, params, dl, loss_func=mnist_loss):
    batches = list(dl)
    for i in range(len(batches) - 1):
        xb, yb = batches[i]
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('last-batch-dropped', 'train_epoch')
def fetches_one_ahead(model, lr, params, dl):
    opt, batch = torch.optim.SGD(params, lr), None
    for following in dl:
        if batch is not None:
            mnist_loss(model(batch[0]), batch[1]).backward()
            opt.step()
            opt.zero_grad()
        batch = following


@wrongly('last-batch-dropped', 'train_model')
def trains_without_the_last(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs, batches = [], list(dl)
    for _ in range(epochs):
        train_epoch(model, lr, params, batches[:-1], loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('batch-used-twice', 'train_epoch')
def two_steps_for_each(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        for _ in range(2):
            loss_func(model(xb), yb).backward()
            with torch.no_grad():
                for p in params:
                    p -= lr*p.grad
                    p.grad.zero_()


@wrongly('batch-used-twice', 'train_epoch')
def pasted_twice(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        opt.step()
        opt.zero_grad()
        calc_grad(xb, yb, model, loss_func)
        opt.step()
        opt.zero_grad()


@wrongly('batch-used-twice', 'train_epoch')
def one_step_to_try_it(model, lr, params, dl):
    opt = torch.optim.SGD(params, lr)
    def step(xb, yb):
        opt.zero_grad()
        mnist_loss(model(xb), yb).backward()
        opt.step()
    step(*next(iter(dl)))
    for xb, yb in dl: step(xb, yb)


@wrongly('batch-used-twice', 'train_epoch')
def one_step_left_over(model, lr, params, dl, loss_func=mnist_loss):
    batches = list(dl)
    for batch in batches + batches[-1:]:
        calc_grad(*batch, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('batch-used-twice', 'calc_grad')
def grad_of_two_passes(xb, yb, model, loss_func=mnist_loss):
    for _ in range(2):
        loss = loss_func(model(xb), yb)
        loss.backward()
    return loss


@wrongly('batch-used-twice', 'train_model')
def trains_on_doubled_batches(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        doubled = [batch for batch in dl for _ in range(2)]
        train_epoch(model, lr, params, doubled, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('one-update-per-epoch', 'train_epoch')
def step_after_all_batches(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
    with torch.no_grad():
        for p in params:
            p -= lr*p.grad
            p.grad.zero_()


@wrongly('one-update-per-epoch', 'train_epoch')
def losses_added_up(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    opt.zero_grad()
    total = 0
    for xb, yb in dl: total += loss_func(model(xb), yb)
    total.backward()
    opt.step()


@wrongly('one-update-per-epoch', 'train_model')
def trains_once_an_epoch(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl: calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


# Updates that do not arrive

@wrongly('step-missing', 'train_epoch')
def backward_and_no_more(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()


@wrongly('step-missing', 'train_epoch')
def zeroed_without_a_step(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params: p.grad.zero_()


@wrongly('step-missing', 'train_epoch')
def step_without_parentheses(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        opt.step
        opt.zero_grad()


@wrongly('step-missing', 'train_model')
def trains_nothing(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            for p in params: p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('step-missing', 'BasicOptim')
class StepToDo:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self): pass
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('step-missing', 'BasicOptim')
class StepOnlyZeroes:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self): self.zero_grad()
    def zero_grad(self):
        for p in self.params: p.grad.zero_()


@wrongly('parameters-rebound', 'train_epoch')
def new_p_has_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p = p - lr*p.grad
                p.grad.zero_()


@wrongly('parameters-rebound', 'train_epoch')
def new_p_is_forgotten(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params: p = p - lr*p.grad
        for p in params: p.grad.zero_()


@wrongly('parameters-rebound', 'train_epoch')
def replaced_in_the_list(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for i, p in enumerate(params):
            params[i] = (p.detach() - lr*p.grad).requires_grad_()


@wrongly('parameters-rebound', 'train_model')
def trains_new_tensors(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            with torch.no_grad():
                for p in params: p = p - lr*p.grad
            for p in params: p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('parameters-rebound', 'BasicOptim')
class Rebinds:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p = p - self.lr*p.grad
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('parameters-rebound', 'BasicOptim')
class KeepsNewOnes:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self): self.params = [p.detach() - self.lr*p.grad for p in self.params]
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('update-under-autograd', 'train_epoch')
def minus_without_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p -= lr*p.grad
            p.grad.zero_()


@wrongly('update-under-autograd', 'train_epoch')
def copy_without_no_grad(model, lr, params, dl):
    for xb, yb in dl:
        grads = torch.autograd.grad(mnist_loss(model(xb), yb), params)
        for p, g in zip(params, grads): p.copy_(p - lr*g)


@wrongly('update-under-autograd', 'train_epoch')
def entries_without_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p[:] = p - lr*p.grad
            p.grad = None


@wrongly('update-under-autograd', 'train_model')
def trains_without_no_grad(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            for p in params: p.sub_(p.grad, alpha=lr)
            for p in params: p.grad.zero_()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('update-under-autograd', 'BasicOptim')
class UnderAutograd:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p -= self.lr*p.grad
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('backward-missing', 'train_epoch')
def no_gradients_to_step_with(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('backward-missing', 'train_epoch')
def backward_without_parentheses(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward
        opt.step()
        opt.zero_grad()


@wrongly('backward-missing', 'train_epoch')
def guard_hides_it(model, lr, params, dl):
    for xb, yb in dl:
        mnist_loss(model(xb), yb)
        for p in params:
            if p.grad is None: continue
            p.data -= lr*p.grad
            p.grad.zero_()


@wrongly('backward-missing', 'train_model')
def trains_without_backward(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            loss = loss_func(model(xb), yb)
            for p in params: p.data -= lr*p.grad
            for p in params: p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('backward-missing', 'calc_grad')
def only_the_loss(xb, yb, model, loss_func=mnist_loss):
    preds = model(xb)
    return loss_func(preds, yb)


@wrongly('backward-missing', 'calc_grad')
def backward_not_called(xb, yb, model):
    loss = mnist_loss(model(xb), yb)
    loss.backward


@wrongly('backward-twice', 'train_epoch')
def backward_again(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        loss.backward()
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('backward-twice', 'train_epoch')
def calc_grad_had_done_it(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss = calc_grad(xb, yb, model, loss_func)
        loss.backward()
        opt.step()


@wrongly('backward-twice', 'train_model')
def trains_with_two_backwards(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func).backward()
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('backward-twice', 'calc_grad')
def grad_twice(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    loss.backward()
    loss.backward()
    return loss


@wrongly('loss-detached', 'train_epoch')
def item_too_early(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = loss_func(model(xb), yb).item()
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('loss-detached', 'train_epoch')
@torch.no_grad()
def all_under_no_grad(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p -= lr*p.grad
            p.grad.zero_()


@wrongly('loss-detached', 'train_epoch')
def detached_predictions(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        preds = model(xb).detach()
        opt.zero_grad()
        loss_func(preds, yb).backward()
        opt.step()


@wrongly('loss-detached', 'train_model')
def trains_with_a_detached_loss(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for xb, yb in dl:
            loss = loss_func(model(xb), yb).detach()
            loss.backward()
            for p in params: p.data -= lr*p.grad
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('loss-detached', 'calc_grad')
def loss_copied(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    loss = torch.tensor(loss.item())
    loss.backward()
    return loss


@wrongly('loss-detached', 'calc_grad')
def predicts_under_no_grad(xb, yb, model, loss_func=mnist_loss):
    with torch.no_grad(): preds = model(xb)
    loss_func(preds, yb).backward()


@wrongly('loss-func-ignored', 'train_epoch')
def mnist_loss_all_the_same(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = mnist_loss(model(xb), yb)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('loss-func-ignored', 'train_epoch')
def not_passed_to_calc_grad(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        calc_grad(xb, yb, model)
        opt.step()
        opt.zero_grad()


@wrongly('loss-func-ignored', 'train_model')
def not_passed_to_train_epoch(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('loss-func-ignored', 'calc_grad')
def calls_mnist_loss(xb, yb, model, loss_func=mnist_loss):
    loss = mnist_loss(model(xb), yb)
    loss.backward()
    return loss


@wrongly('loss-func-ignored', 'calc_grad')
def writes_mnist_loss_out(xb, yb, model, loss_func=mnist_loss):
    (model(xb).sigmoid() - yb).abs().mean().backward()


@wrongly('nothing-returned', 'train_model')
def accuracies_kept_inside(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))


@wrongly('nothing-returned', 'train_model')
def accuracies_printed(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    for i in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        print(validate_epoch(model, valid_dl), end=' ')


@wrongly('nothing-returned', 'mnist_loss')
def loss_not_returned(predictions, targets):
    predictions = predictions.sigmoid()
    loss = torch.where(targets == 1, 1 - predictions, predictions).mean()


@wrongly('nothing-returned', 'mse')
def mse_printed(preds, targets): print(((preds - targets)**2).mean())


@wrongly('nothing-returned', 'batch_accuracy')
def accuracy_not_returned(xb, yb):
    correct = (xb.sigmoid() > .5) == yb
    correct.float().mean()


@wrongly('nothing-returned', 'validate_epoch')
def mean_printed(model, valid_dl):
    correct = torch.cat([(model(xb) > 0) == yb for xb, yb in valid_dl])
    print(f'accuracy {correct.float().mean():.4f}')


@wrongly('nothing-returned', 'init_params')
def params_not_returned(size, std=1.0): (torch.randn(size)*std).requires_grad_()


@wrongly('nothing-returned', 'linear1')
def layer_not_returned(xb, weights, bias): xb @ weights + bias


@wrongly('nothing-returned', 'simple_net')
def net_not_returned(xb, w1, b1, w2, b2):
    res = (xb @ w1 + b1).relu()
    res = res @ w2 + b2


# train_model only

@wrongly('epochs-ignored', 'train_model')
def no_loop(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    train_epoch(model, lr, params, dl, loss_func)
    return [validate_epoch(model, valid_dl)]


@wrongly('epochs-ignored', 'train_model')
def returns_inside_the_loop(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for epoch in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
        return accs


@wrongly('epochs-ignored', 'train_model')
def loops_over_one_epoch(model, lr, params, dl, valid_dl, epochs):
    accs = []
    for epochs in range(1):
        for xb, yb in dl:
            calc_grad(xb, yb, model)
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('measured-before-training', 'train_model')
def measures_first(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        accs.append(validate_epoch(model, valid_dl))
        train_epoch(model, lr, params, dl, loss_func)
    return accs


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


@wrongly('measured-on-training-set', 'train_model')
def validates_with_dl(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(validate_epoch(model, dl))
    return accs


@wrongly('measured-on-training-set', 'train_model')
def counts_on_dl(model, lr, params, dl, valid_dl, epochs):
    accs, (x, y) = [], (torch.cat(t) for t in zip(*dl))
    while len(accs) < epochs:
        for xb, yb in dl:
            calc_grad(xb, yb, model)
            with torch.no_grad():
                for p in params:
                    p -= lr*p.grad
                    p.grad.zero_()
        accs.append(((model(x) > 0) == y).float().mean().item())
    return accs


@wrongly('last-accuracy-only', 'train_model')
def overwrites_the_accuracy(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        acc = validate_epoch(model, valid_dl)
    return acc


@wrongly('last-accuracy-only', 'train_model')
def new_list_each_time(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    for _ in range(epochs):
        accs = []
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('last-accuracy-only', 'train_model')
def measures_after_the_loop(model, lr, params, dl, valid_dl, epochs):
    for _ in range(epochs): train_epoch(model, lr, params, dl)
    return [validate_epoch(model, valid_dl)]


# BasicOptim only

@wrongly('generator-used-up', 'BasicOptim')
class KeepsWhatItGets:
    def __init__(self, params, lr): self.params, self.lr = params, lr
    def step(self):
        for p in self.params: p.data -= p.grad.data*self.lr
    def zero_grad(self):
        for p in self.params: p.grad = None


@wrongly('generator-used-up', 'BasicOptim')
class KeepsAGenerator:
    def __init__(self, params, lr):
        self.params = (p for p in params if p.requires_grad)
        self.lr = lr
    @torch.no_grad()
    def step(self):
        for p in self.params: p.sub_(p.grad, alpha=self.lr)
    def zero_grad(self):
        for p in self.params:
            if p.grad is not None: p.grad.zero_()


@wrongly('generator-used-up', 'BasicOptim')
class CountsBeforeItKeeps:
    def __init__(self, params, lr):
        self.n = sum(p.numel() for p in params)
        self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p.data -= self.lr*p.grad
    def zero_grad(self):
        for p in self.params: p.grad = None


# Losses

@wrongly('loss-summed', 'mnist_loss')
def sum_for_mean(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).sum()


@wrongly('loss-summed', 'mnist_loss')
def sum_in_a_loop(predictions, targets):
    total = 0.
    for p, t in zip(predictions, targets): total += (p.sigmoid() - t).abs().squeeze()
    return total


@wrongly('loss-summed', 'mse')
def sum_of_squares(preds, targets): return ((preds - targets)**2).sum()


@wrongly('loss-summed', 'mse')
def reduction_by_sum(preds, targets): return F.mse_loss(preds, targets, reduction='sum')


@wrongly('loss-summed', 'calc_grad')
def grad_of_the_sum(xb, yb, model):
    loss = (model(xb).sigmoid() - yb).abs().sum()
    loss.backward()
    return loss


@wrongly('loss-summed', 'train_epoch')
def trains_on_the_sum(model, lr, params, dl):
    for xb, yb in dl:
        p = model(xb).sigmoid()
        torch.where(yb == 1, 1 - p, p).sum().backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('loss-halved', 'mnist_loss')
def half_the_distance(predictions, targets): return .5*(predictions.sigmoid() - targets).abs().mean()


@wrongly('loss-halved', 'mnist_loss')
def mean_of_two_parts(predictions, targets):
    p = predictions.sigmoid()
    ones, zeros = (1 - p)*(targets == 1), p*(targets == 0)
    return (ones.mean() + zeros.mean())/2


@wrongly('loss-halved', 'mse')
def half_the_square(preds, targets): return ((preds - targets)**2/2).mean()


@wrongly('loss-halved', 'mse')
def over_two_n(y_hat, y): return (y_hat - y).pow(2).sum()/(2*y.numel())


@wrongly('loss-halved', 'calc_grad')
def grad_of_half(xb, yb, model):
    loss = (model(xb).sigmoid() - yb).abs().mean()/2
    loss.backward()


@wrongly('loss-not-averaged', 'mnist_loss')
def mean_forgotten(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions)


@wrongly('loss-not-averaged', 'mnist_loss')
def mean_of_each_row(predictions, targets): return (predictions.sigmoid() - targets).abs().mean(dim=1)


@wrongly('loss-not-averaged', 'mse')
def squares_only(preds, targets): return (preds - targets)**2


@wrongly('loss-not-averaged', 'mse')
def no_reduction(preds, targets): return F.mse_loss(preds, targets, reduction='none')


@wrongly('loss-not-averaged', 'calc_grad')
def grad_of_a_vector(xb, yb, model):
    preds = torch.sigmoid(model(xb))
    loss = torch.where(yb == 1, 1 - preds, preds)
    loss.backward()


@wrongly('sigmoid-missing', 'mnist_loss')
def first_loss_of_the_book(predictions, targets):
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


@wrongly('sigmoid-missing', 'mnist_loss')
def sigmoid_not_kept(predictions, targets):
    predictions.sigmoid()
    t = targets.float()
    return (t*(1 - predictions) + (1 - t)*predictions).mean()


@wrongly('sigmoid-missing', 'mnist_loss')
def distance_of_logits(predictions, targets): return (predictions - targets).abs().mean()


@wrongly('sigmoid-missing', 'calc_grad')
def grad_without_sigmoid(xb, yb, model):
    preds = model(xb)
    loss = torch.where(yb == 1, 1 - preds, preds).mean()
    loss.backward()
    return loss


@wrongly('sigmoid-missing', 'train_epoch')
def trains_without_sigmoid(model, lr, params, dl):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        preds = model(xb)
        torch.where(yb == 1, 1 - preds, preds).mean().backward()
        opt.step()
        opt.zero_grad()


@wrongly('sigmoid-twice', 'mnist_loss')
def sigmoid_of_sigmoid(predictions, targets):
    predictions = predictions.sigmoid().sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


@wrongly('sigmoid-twice', 'mnist_loss')
def calls_a_loss_with_sigmoid(predictions, targets): return mnist_loss(torch.sigmoid(predictions), targets)


@wrongly('sigmoid-twice', 'train_epoch')
def sigmoid_before_the_loss(model, lr, params, dl):
    for xb, yb in dl:
        mnist_loss(model(xb).sigmoid(), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('sigmoid-twice', 'calc_grad')
def grad_of_sigmoid_of_sigmoid(xb, yb, model):
    preds = model(xb).sigmoid()
    loss = mnist_loss(preds, yb)
    loss.backward()
    return loss


@wrongly('targets-swapped', 'mnist_loss')
def where_the_wrong_way_round(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, predictions, 1 - predictions).mean()


@wrongly('targets-swapped', 'mnist_loss')
def zero_for_one(predictions, targets):
    p = predictions.sigmoid()
    return torch.where(targets == 0, 1 - p, p).mean()


@wrongly('targets-swapped', 'mnist_loss')
def distance_from_the_other(predictions, targets): return (predictions.sigmoid() - (1 - targets)).abs().mean()


@wrongly('squared-error-instead', 'mnist_loss')
def square_of_the_distance(predictions, targets): return ((predictions.sigmoid() - targets)**2).mean()


@wrongly('squared-error-instead', 'mnist_loss')
def mse_in_its_place(predictions, targets):
    return F.mse_loss(torch.sigmoid(predictions), targets.to(predictions.dtype))


@wrongly('squared-error-instead', 'calc_grad')
def grad_of_squares(xb, yb, model):
    loss = (model(xb).sigmoid() - yb).pow(2).mean()
    loss.backward()
    return loss


@wrongly('squared-error-instead', 'train_epoch')
def trains_on_squares(model, lr, params, dl):
    for xb, yb in dl:
        ((model(xb).sigmoid() - yb)**2).mean().backward()
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('absolute-error-instead', 'mse')
def mean_of_distances(preds, targets): return (preds - targets).abs().mean()


@wrongly('absolute-error-instead', 'mse')
def l1_for_mse(preds, targets): return F.l1_loss(preds, targets)


@wrongly('root-taken', 'mse')
def rmse(preds, targets): return ((preds - targets)**2).mean().sqrt()


@wrongly('root-taken', 'mse')
def norm_over_root_n(preds, targets): return torch.norm(preds - targets)/math.sqrt(preds.numel())


@wrongly('cross-entropy-instead', 'mnist_loss')
def bce_of_torch(predictions, targets):
    return F.binary_cross_entropy_with_logits(predictions, targets.to(predictions.dtype))


@wrongly('cross-entropy-instead', 'mnist_loss')
def minus_log(predictions, targets):
    p = predictions.sigmoid()
    return -torch.where(targets == 1, p, 1 - p).log().mean()


@wrongly('cross-entropy-instead', 'calc_grad')
def grad_of_bce(xb, yb, model):
    loss = nn.BCEWithLogitsLoss()(model(xb), yb.to(xb.dtype))
    loss.backward()
    return loss


@wrongly('cross-entropy-instead', 'train_epoch')
def trains_on_bce(model, lr, params, dl):
    opt = torch.optim.SGD(params, lr)
    for xb, yb in dl:
        p, t = model(xb).sigmoid(), yb.float()
        opt.zero_grad()
        (-t*p.log() - (1 - t)*(1 - p).log()).mean().backward()
        opt.step()


@wrongly('loss-not-differentiable', 'mnist_loss')
def one_minus_accuracy(predictions, targets):
    return ((predictions.sigmoid() > .5) != targets).float().mean()


@wrongly('loss-not-differentiable', 'mnist_loss')
def returns_item(predictions, targets):
    predictions = predictions.sigmoid()
    return torch.where(targets == 1, 1 - predictions, predictions).mean().item()


@wrongly('loss-not-differentiable', 'mnist_loss')
def made_anew(predictions, targets):
    losses = [abs(p.sigmoid().item() - t.item()) for p, t in zip(predictions, targets)]
    return torch.tensor(losses).mean()


@wrongly('loss-not-differentiable', 'mse')
def detaches(preds, targets): return ((preds.detach() - targets)**2).mean()


@wrongly('loss-not-differentiable', 'mse')
def returns_float(preds, targets): return float(((preds - targets)**2).mean())


@wrongly('labels-broadcast', 'mnist_loss')
def targets_squeezed(predictions, targets):
    predictions, targets = predictions.sigmoid(), targets.squeeze()
    return torch.where(targets == 1, 1 - predictions, predictions).mean()


@wrongly('labels-broadcast', 'mnist_loss')
def predictions_squeezed(predictions, targets): return (predictions[:, 0].sigmoid() - targets).abs().mean()


@wrongly('labels-broadcast', 'mse')
def each_with_every(preds, targets): return ((preds.flatten() - targets.reshape(-1, 1))**2).mean()


@wrongly('labels-broadcast', 'mse')
def column_against_row(preds, targets):
    diff = preds.view(-1, 1) - targets.view(-1)
    return (diff**2).mean()


@wrongly('labels-broadcast', 'calc_grad')
def grad_with_squeezed_labels(xb, yb, model):
    loss = (model(xb).sigmoid() - yb.squeeze()).abs().mean()
    loss.backward()
    return loss


@wrongly('labels-broadcast', 'batch_accuracy')
def accuracy_of_flat_predictions(xb, yb): return ((xb[:, 0] > 0) == yb).float().mean()


@wrongly('labels-broadcast', 'validate_epoch')
def flat_labels(model, valid_dl):
    right = n = 0
    for xb, yb in valid_dl:
        right += ((model(xb).sigmoid() > .5) == yb.squeeze(1)).float().mean().item()*len(xb)
        n += len(xb)
    return right/n


# Metrics

@wrongly('threshold-wrong', 'batch_accuracy')
def half_without_sigmoid(xb, yb): return ((xb > .5) == yb).float().mean()


@wrongly('threshold-wrong', 'batch_accuracy')
def zero_after_sigmoid(xb, yb):
    preds = xb.sigmoid()
    return ((preds > 0) == yb.bool()).float().mean().item()


@wrongly('threshold-wrong', 'validate_epoch')
def logits_above_half(model, valid_dl):
    correct = torch.cat([(model(xb) > .5) == yb for xb, yb in valid_dl])
    return correct.float().mean().item()


@wrongly('threshold-wrong', 'train_model')
def trains_then_logits_above_half(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(logits_above_half(model, valid_dl))
    return accs


@wrongly('accuracy-inverted', 'batch_accuracy')
def share_of_errors(xb, yb): return ((xb.sigmoid() > .5) != yb).float().mean()


@wrongly('accuracy-inverted', 'batch_accuracy')
def below_half(xb, yb):
    correct = (xb.sigmoid() < .5) == yb
    return correct.sum().item()/len(yb)


@wrongly('accuracy-inverted', 'validate_epoch')
def error_rate(model, valid_dl):
    wrong = n = 0
    for xb, yb in valid_dl:
        wrong += ((model(xb) > 0) != (yb == 1)).sum().item()
        n += len(yb)
    return wrong/n


@wrongly('accuracy-inverted', 'train_model')
def trains_and_gives_errors(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    errors = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        errors.append(1 - validate_epoch(model, valid_dl))
    return errors


@wrongly('percent-not-fraction', 'batch_accuracy')
def percent(xb, yb): return 100*((xb > 0) == yb).float().mean()


@wrongly('percent-not-fraction', 'batch_accuracy')
def rounded_percent(xb, yb):
    correct = ((xb.sigmoid() > .5) == yb).sum().item()
    return round(correct/len(yb)*100, 2)


@wrongly('percent-not-fraction', 'validate_epoch')
def percent_of_all(model, valid_dl):
    good = torch.cat([(model(xb) > 0) == yb for xb, yb in valid_dl])
    return 100.*good.sum().item()/len(good)


@wrongly('percent-not-fraction', 'train_model')
def trains_and_gives_percent(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs += [round(100*validate_epoch(model, valid_dl), 2)]
    return accs


@wrongly('counted-not-averaged', 'batch_accuracy')
def count(xb, yb): return ((xb.sigmoid() > .5) == yb).float().sum()


@wrongly('counted-not-averaged', 'batch_accuracy')
def count_in_a_loop(preds, targets):
    n = 0
    for p, t in zip(preds, targets):
        if (p > 0) == (t == 1): n += 1
    return n


@wrongly('counted-not-averaged', 'validate_epoch')
def count_of_all(model, valid_dl):
    correct = 0
    for xb, yb in valid_dl: correct += ((model(xb) > 0) == yb).sum().item()
    return correct


@wrongly('batches-unweighted', 'validate_epoch')
def validation_of_the_book(model, valid_dl):
    accs = [batch_accuracy(model(xb), yb) for xb, yb in valid_dl]
    return round(torch.stack(accs).mean().item(), 4)


@wrongly('batches-unweighted', 'validate_epoch')
def over_number_of_batches(model, valid_dl):
    total = 0.
    with torch.no_grad():
        for xb, yb in valid_dl: total += ((model(xb) > 0) == yb).float().mean().item()
    return total/len(valid_dl)


@wrongly('batches-unweighted', 'validate_epoch')
def running_mean(model, valid_dl):
    acc = 0
    for i, (xb, yb) in enumerate(valid_dl): acc += (batch_accuracy(model(xb), yb) - acc)/(i + 1)
    return acc


@wrongly('batches-unweighted', 'train_model')
def trains_and_averages_batches(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for _ in range(epochs):
        for xb, yb in dl:
            loss_func(model(xb), yb).backward()
            opt.step()
            opt.zero_grad()
        accs.append(np.mean([batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl]))
    return accs


@wrongly('last-batch-only', 'validate_epoch')
def overwrites(model, valid_dl):
    for xb, yb in valid_dl: acc = batch_accuracy(model(xb), yb)
    return acc.item()


@wrongly('last-batch-only', 'validate_epoch')
def appends_after_the_loop(model, valid_dl):
    accs = []
    for xb, yb in valid_dl:
        preds = model(xb)
    accs.append(batch_accuracy(preds, yb))
    return torch.stack(accs).mean().item()


@wrongly('last-batch-only', 'train_model')
def trains_and_keeps_the_last_batch(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        for xb, yb in valid_dl: preds = model(xb)
        accs.append(batch_accuracy(preds, yb).item())
    return accs


@wrongly('first-batch-measured', 'validate_epoch')
def returns_with_the_first(model, valid_dl):
    accs = []
    for xb, yb in valid_dl:
        accs.append(batch_accuracy(model(xb), yb))
        return torch.stack(accs).mean().item()


@wrongly('first-batch-measured', 'validate_epoch')
def asks_for_one_batch(model, valid_dl):
    xb, yb = next(iter(valid_dl))
    return ((model(xb).sigmoid() > .5) == yb).float().mean()


# Parameters and models

@wrongly('requires-grad-missing', 'init_params')
def numbers_only(size, std=1.0): return torch.randn(size)*std


@wrongly('requires-grad-missing', 'init_params')
def looks_at_requires_grad(size, std=1.0):
    params = torch.empty(size).normal_(std=std)
    params.requires_grad
    return params


@wrongly('requires-grad-missing', 'init_params')
@torch.no_grad()
def lost_under_no_grad(size, std=1.0): return torch.randn(size, requires_grad=True)*std


@wrongly('not-a-leaf', 'init_params')
def scaled_afterwards(size, std=1.0): return torch.randn(size, requires_grad=True)*std


@wrongly('not-a-leaf', 'init_params')
def requires_grad_too_early(size, std=1.0):
    p = torch.randn(size).requires_grad_()
    p = std*p
    return p


@wrongly('std-ignored', 'init_params')
def always_one(size, std=1.0): return torch.randn(size).requires_grad_()


@wrongly('std-ignored', 'init_params')
def scaled_for_nothing(size, std=1.0):
    p = torch.empty(size).normal_()
    p*std
    return nn.Parameter(p)


@wrongly('all-zeros', 'init_params')
def zeros(size, std=1.0): return torch.zeros(size, requires_grad=True)


@wrongly('all-zeros', 'init_params')
def scaled_zeros(size, std=1.0): return (torch.zeros(size)*std).requires_grad_()


@wrongly('uniform-instead', 'init_params')
def rand_for_randn(size, std=1.0): return (torch.rand(size)*std).requires_grad_()


@wrongly('uniform-instead', 'init_params')
def between_minus_and_plus(size, std=1.0): return nn.Parameter(torch.empty(size).uniform_(-std, std))


@wrongly('bias-not-added', 'linear1')
def product_only(xb, weights, bias): return xb @ weights


@wrongly('bias-not-added', 'linear1')
def sum_thrown_away(xb, weights, bias):
    res = torch.matmul(xb, weights)
    res + bias
    return res


@wrongly('bias-not-added', 'simple_net')
def both_biases_forgotten(xb, w1, b1, w2, b2): return (xb @ w1).relu() @ w2


@wrongly('bias-not-added', 'simple_net')
def second_bias_forgotten(xb, w1, b1, w2, b2):
    res = F.relu(xb @ w1 + b1)
    return res @ w2


@wrongly('bias-not-added', 'simple_net')
def first_bias_forgotten(xb, w1, b1, w2, b2): return (xb @ w1).clamp_min(0) @ w2 + b2


@wrongly('activation-missing', 'simple_net')
def two_layers_in_a_row(xb, w1, b1, w2, b2): return linear1(linear1(xb, w1, b1), w2, b2)


@wrongly('activation-missing', 'simple_net')
def relu_thrown_away(xb, w1, b1, w2, b2):
    res = xb @ w1 + b1
    F.relu(res)
    return res @ w2 + b2


@wrongly('activation-on-output', 'linear1')
def layer_with_sigmoid(xb, weights, bias): return torch.sigmoid(xb @ weights + bias)


@wrongly('activation-on-output', 'linear1')
def layer_with_relu(xb, weights, bias): return F.linear(xb, weights.T, bias).relu()


@wrongly('activation-on-output', 'simple_net')
def net_ends_in_sigmoid(xb, w1, b1, w2, b2):
    h = F.relu(xb @ w1 + b1)
    return (h @ w2 + b2).sigmoid()


@wrongly('activation-on-output', 'simple_net')
def relu_after_each_layer(xb, w1, b1, w2, b2):
    for w, b in (w1, b1), (w2, b2): xb = (xb @ w + b).relu()
    return xb


@wrongly('other-activation', 'simple_net')
def sigmoid_between(xb, w1, b1, w2, b2): return torch.sigmoid(xb @ w1 + b1) @ w2 + b2


@wrongly('other-activation', 'simple_net')
def leaky(xb, w1, b1, w2, b2): return linear1(F.leaky_relu(linear1(xb, w1, b1), .1), w2, b2)


@wrongly('other-activation', 'simple_net')
def tanh_between(xb, w1, b1, w2, b2):
    res = (xb @ w1 + b1).tanh()
    return res @ w2 + b2


@wrongly('predictions-detached', 'linear1')
def layer_detached(xb, weights, bias): return (xb @ weights + bias).detach()


@wrongly('predictions-detached', 'linear1')
@torch.no_grad()
def layer_under_no_grad(xb, weights, bias): return torch.addmm(bias, xb, weights)


@wrongly('predictions-detached', 'simple_net')
def net_on_data(xb, w1, b1, w2, b2):
    h = (xb @ w1.data + b1.data).relu()
    return h @ w2.data + b2.data


@wrongly('predictions-flat', 'linear1')
def layer_squeezed(xb, weights, bias): return (xb @ weights + bias).squeeze(1)


@wrongly('predictions-flat', 'linear1')
def bias_and_squeeze(xb, weights, bias):
    preds = torch.mm(xb, weights).add(bias)
    return preds.squeeze()


@wrongly('predictions-flat', 'simple_net')
def net_squeezed(xb, w1, b1, w2, b2): return ((xb @ w1 + b1).relu() @ w2 + b2).squeeze(-1)


# Calls and values that look right

@wrongly('arguments-swapped', 'train_epoch')
def targets_first(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(yb, model(xb)).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('arguments-swapped', 'train_epoch')
def floats_first(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr)
    for xb, yb in dl:
        preds = model(xb)
        loss = loss_func(yb.float(), preds)
        loss.backward()
        opt.step()
        opt.zero_grad()


@wrongly('arguments-swapped', 'calc_grad')
def labels_before_predictions(xb, yb, model, loss_func=mnist_loss):
    preds = model(xb)
    loss = loss_func(yb, preds)
    loss.backward()
    return loss


@wrongly('arguments-swapped', 'train_model')
def trains_with_targets_first(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    def swapped(preds, targets): return loss_func(targets, preds)
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, swapped)
        accs.append(validate_epoch(model, valid_dl))
    return accs


@rightly('calc_grad')
def loss_by_name(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(targets=yb, predictions=model(xb))
    loss.backward()


@rightly('calc_grad')
def labels_in_front_of_a_partial(xb, yb, model, loss_func=mnist_loss):
    def of(targets, preds): return loss_func(preds, targets)
    of(yb, model(xb)).backward()


@wrongly('loss-detached', 'train_epoch')
def loss_made_anew(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss = torch.tensor(loss_func(model(xb), yb).item(), requires_grad=True)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('loss-detached', 'train_epoch')
def gradients_demanded_of_the_loss(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss = loss_func(model(xb).detach(), yb)
        loss.requires_grad = True
        loss.backward()
        opt.step()


@wrongly('loss-detached', 'calc_grad')
def loss_as_a_variable(xb, yb, model, loss_func=mnist_loss):
    loss = torch.autograd.Variable(loss_func(model(xb), yb).data, requires_grad=True)
    loss.backward()
    return loss


@wrongly('loss-detached', 'train_model')
def losses_made_anew(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    opt, accs = torch.optim.SGD(params, lr=lr), []
    for _ in range(epochs):
        for xb, yb in dl:
            torch.tensor(loss_func(model(xb), yb).item(), requires_grad=True).backward()
            opt.step()
            opt.zero_grad()
        accs.append(validate_epoch(model, valid_dl))
    return accs


@wrongly('zeroed-too-early', 'train_epoch')
def steps_backs_and_zeroes(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        loss = loss_func(model(xb), yb)
        opt.step()
        loss.backward()
        opt.zero_grad()


@wrongly('zeroed-too-early', 'train_epoch')
def zeroes_before_the_next_batch(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        for p in params:
            if p.grad is not None: p.data -= lr*p.grad
        loss_func(model(xb), yb).backward()
        for p in params: p.grad.zero_()


@wrongly('one-batch-only', 'train_epoch')
def next_of_iter(model, lr, params, dl, loss_func=mnist_loss):
    for _ in range(len(dl)):
        xb, yb = next(iter(dl))
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad
                p.grad.zero_()


@wrongly('one-batch-only', 'train_epoch')
def batch_taken_before_the_loop(model, lr, params, dl, loss_func=mnist_loss):
    x, y = next(iter(dl))
    for i, batch in enumerate(dl):
        calc_grad(x, y, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('one-batch-only', 'train_model')
def trains_on_the_first_batch(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        for i in range(len(dl)):
            xb, yb = next(iter(dl))
            calc_grad(xb, yb, model, loss_func)
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
        accs.append(validate_epoch(model, valid_dl))
    return accs


@rightly('train_epoch')
def next_of_one_iterator(model, lr, params, dl, loss_func=mnist_loss):
    batches = iter(dl)
    for _ in range(len(dl)):
        xb, yb = next(batches)
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr*p.grad
            p.grad = None


@wrongly('not-measured', 'train_model')
def collects_epochs(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    def one_epoch():
        for xb, yb in dl:
            calc_grad(xb, yb, model, loss_func)
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
    accs = []
    for _ in range(epochs): accs.append(one_epoch())
    return accs


@wrongly('not-measured', 'train_model')
def lists_epochs(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    return [train_epoch(model, lr, params, dl, loss_func) for _ in range(epochs)]


@wrongly('not-measured', 'train_model')
def returns_losses(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    history = []
    for epoch in range(epochs):
        losses = []
        for xb, yb in dl:
            losses.append(calc_grad(xb, yb, model, loss_func).item())
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
        history.append(sum(losses)/len(losses))
    return history


@wrongly('not-measured', 'train_model')
def returns_last_losses(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    history = []
    for epoch in range(epochs):
        for xb, yb in dl:
            loss = calc_grad(xb, yb, model, loss_func)
            for p in params:
                p.data -= lr*p.grad
                p.grad = None
        history.append(loss.detach())
    return history


@wrongly('nothing-returned', 'train_model')
def measures_without_a_result(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    def measure(): print(validate_epoch(model, valid_dl))
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        accs.append(measure())
    return accs


@wrongly('counted-not-averaged', 'validate_epoch')
def counts_over_batches(model, valid_dl):
    return sum(((model(xb) > 0) == yb).sum().item() for xb, yb in valid_dl)/len(valid_dl)


@wrongly('trained-while-measuring', 'validate_epoch')
def backward_while_measuring(model, valid_dl):
    right, n = 0, 0
    for xb, yb in valid_dl:
        preds = model(xb)
        mnist_loss(preds, yb).backward()
        right += ((preds > 0) == yb).sum().item()
        n += len(yb)
    return right/n


@wrongly('trained-while-measuring', 'validate_epoch')
def gradients_while_measuring(model, valid_dl):
    for xb, yb in valid_dl: calc_grad(xb, yb, model)
    return validate_epoch(model, valid_dl)


@wrongly('trained-while-measuring', 'train_model')
def measures_with_backward(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, dl, loss_func)
        for xb, yb in valid_dl: mnist_loss(model(xb), yb).backward()
        accs.append(validate_epoch(model, valid_dl))
    return accs


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


@wrongly('float64-parameters', 'init_params')
def numbers_of_numpy(size, std=1.0):
    return torch.from_numpy(np.random.normal(0, std, size if isinstance(size, tuple) else (size,))).requires_grad_()


@wrongly('float64-parameters', 'init_params')
def double_precision(size, std=1.0): return (torch.randn(size).double()*std).requires_grad_()


@wrongly('same-numbers-each-time', 'init_params')
def seeds_each_time(size, std=1.0):
    torch.manual_seed(42)
    return (torch.randn(size)*std).requires_grad_()


@wrongly('same-numbers-each-time', 'init_params')
def generator_of_its_own(size, std=1.0):
    g = torch.Generator().manual_seed(0)
    return (torch.randn(size, generator=g)*std).requires_grad_()


@rightly('init_params')
def one_generator_for_all(size, std=1.0, generator=torch.Generator().manual_seed(0)):
    return (torch.randn(size, generator=generator)*std).requires_grad_()


@wrongly('other-default', 'init_params')
def small_unless_told(size, std=0.01): return (torch.randn(size)*std).requires_grad_()


@wrongly('other-default', 'init_params')
def large_unless_told(size, std=2): return nn.Parameter(torch.normal(0., std, size=size if isinstance(size, tuple) else (size,)))


@rightly('init_params')
def std_has_to_be_told(size, std): return (torch.randn(size)*std).requires_grad_()


# Two mistakes at once

@doubly('train_epoch', 'wrong-sign', 'gradients-not-zeroed')
def climbs_and_never_zeroes(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params: p += lr*p.grad


@doubly('train_epoch', 'last-batch-dropped', 'gradients-not-zeroed')
def drops_and_never_zeroes(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in list(dl)[:-1]:
        calc_grad(xb, yb, model, loss_func)
        for p in params: p.data -= lr*p.grad


@doubly('train_epoch', 'bias-not-updated', 'wrong-sign')
def weights_climb(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params[::2]: p.data += lr*p.grad
        for p in params: p.grad = None


@doubly('train_epoch', 'momentum-added', 'weight-decay-added')
def optimizer_with_both(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr, momentum=.9, weight_decay=.01)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@doubly('train_epoch', 'lr-ignored', 'wrong-sign')
def adds_the_whole_gradient(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p += p.grad
                p.grad.zero_()


@doubly('train_epoch', 'momentum-added', 'last-batch-dropped')
def rolls_on_without_the_last(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr, momentum=.7)
    for xb, yb in list(dl)[:-1]:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@doubly('train_epoch', 'divided-by-batch-size', 'first-batch-skipped')
def small_steps_from_the_second(model, lr, params, dl, loss_func=mnist_loss):
    for i, (xb, yb) in enumerate(dl):
        if i == 0: continue
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad/len(xb)
                p.grad.zero_()


@doubly('train_epoch', 'loss-func-ignored', 'lr-ignored')
def ignores_both(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        mnist_loss(model(xb), yb).backward()
        for p in params:
            p.data -= .1*p.grad
            p.grad.zero_()


@doubly('train_epoch', 'zeroed-once-an-epoch', 'divided-by-batch-size')
def adds_up_small_steps(model, lr, params, dl, loss_func=mnist_loss):
    for p in params: p.grad = None
    for xb, yb in dl:
        (loss_func(model(xb), yb)/len(yb)).backward()
        with torch.no_grad():
            for p in params: p -= lr*p.grad


@doubly('train_epoch', 'one-update-per-epoch', 'wrong-sign')
def climbs_once(model, lr, params, dl):
    total = sum(mnist_loss(model(xb), yb) for xb, yb in dl)
    total.backward()
    with torch.no_grad():
        for p in params:
            p += lr*p.grad
            p.grad.zero_()


@doubly('train_model', 'measured-on-training-set', 'last-accuracy-only')
def last_on_dl(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    for _ in range(epochs): train_epoch(model, lr, params, dl, loss_func)
    return validate_epoch(model, dl)


@doubly('train_model', 'loss-func-ignored', 'measured-before-training')
def measures_first_and_keeps_its_loss(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        accs.append(validate_epoch(model, valid_dl))
        train_epoch(model, lr, params, dl)
    return accs


@doubly('train_model', 'wrong-sign', 'epochs-ignored')
def climbs_for_one_epoch(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    train_epoch(model, -lr, params, dl, loss_func)
    return [validate_epoch(model, valid_dl)]


@doubly('BasicOptim', 'wrong-sign', 'gradients-not-zeroed')
class ClimbsAndKeeps:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        for p in self.params: p.data += p.grad*self.lr
    def zero_grad(self):
        for p in self.params: p.grad


@doubly('BasicOptim', 'lr-ignored', 'bias-not-updated')
class FirstAtItsOwnRate:
    def __init__(self, params, lr): self.params, self.lr = list(params), lr
    def step(self):
        with torch.no_grad(): self.params[0] -= .1*self.params[0].grad
    def zero_grad(self):
        for p in self.params: p.grad = None


@doubly('BasicOptim', 'momentum-added', 'weight-decay-added')
class WithBoth:
    def __init__(self, params, lr, mom=.9, wd=.01):
        self.params, self.lr, self.mom, self.wd = list(params), lr, mom, wd
        self.v = [torch.zeros_like(p) for p in self.params]
    @torch.no_grad()
    def step(self):
        for p, v in zip(self.params, self.v):
            v.mul_(self.mom).add_(p.grad + self.wd*p)
            p -= self.lr*v
    def zero_grad(self):
        for p in self.params: p.grad = None


@doubly('calc_grad', 'loss-func-ignored', 'divided-by-batch-size')
def own_loss_over_size(xb, yb, model, loss_func=mnist_loss):
    loss = mnist_loss(model(xb), yb)/len(xb)
    loss.backward()
    return loss


@doubly('calc_grad', 'sigmoid-missing', 'loss-summed')
def sum_of_logits(xb, yb, model):
    preds = model(xb)
    loss = torch.where(yb == 1, 1 - preds, preds).sum()
    loss.backward()
    return loss


@doubly('mnist_loss', 'sigmoid-missing', 'loss-summed')
def sums_logits(predictions, targets): return torch.where(targets == 1, 1 - predictions, predictions).sum()


@doubly('mnist_loss', 'targets-swapped', 'loss-halved')
def half_of_the_other(predictions, targets):
    p = predictions.sigmoid()
    return torch.where(targets == 1, p, 1 - p).mean()/2


@doubly('mnist_loss', 'squared-error-instead', 'sigmoid-missing')
def mse_of_logits(predictions, targets): return ((predictions - targets)**2).mean()


@doubly('mnist_loss', 'cross-entropy-instead', 'loss-summed')
def bce_summed(predictions, targets):
    return F.binary_cross_entropy_with_logits(predictions, targets.to(predictions.dtype), reduction='sum')


@doubly('mnist_loss', 'labels-broadcast', 'targets-swapped')
def squeezed_and_swapped(predictions, targets):
    p, t = predictions.sigmoid(), targets.squeeze(1)
    return torch.where(t == 0, 1 - p, p).mean()


@doubly('mse', 'loss-summed', 'loss-halved')
def half_the_sum(preds, targets): return .5*((preds - targets)**2).sum()


@doubly('mse', 'absolute-error-instead', 'loss-not-averaged')
def distances(preds, targets): return (preds - targets).abs()


@doubly('batch_accuracy', 'threshold-wrong', 'percent-not-fraction')
def percent_above_half(xb, yb): return 100*((xb > .5) == yb).float().mean()


@doubly('batch_accuracy', 'accuracy-inverted', 'counted-not-averaged')
def count_of_errors(xb, yb): return ((xb.sigmoid() > .5) != yb).sum().item()


@doubly('validate_epoch', 'batches-unweighted', 'percent-not-fraction')
def percent_of_batches(model, valid_dl):
    accs = [100*batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl]
    return sum(accs)/len(accs)


@doubly('validate_epoch', 'last-batch-only', 'accuracy-inverted')
def errors_of_the_last(model, valid_dl):
    for xb, yb in valid_dl: error = ((model(xb) > 0) != yb).float().mean()
    return error.item()


@doubly('init_params', 'uniform-instead', 'requires-grad-missing')
def plain_rand(size, std=1.0): return torch.rand(size)*std


@doubly('init_params', 'std-ignored', 'requires-grad-missing')
def plain_randn(size, std=1.0): return torch.randn(size)


@doubly('linear1', 'bias-not-added', 'activation-on-output')
def sigmoid_of_product(xb, weights, bias): return (xb @ weights).sigmoid()


@doubly('linear1', 'bias-not-added', 'predictions-flat')
def flat_product(xb, weights, bias): return (xb @ weights).squeeze(1)


@doubly('simple_net', 'activation-missing', 'activation-on-output')
def relu_in_the_wrong_place(xb, w1, b1, w2, b2): return ((xb @ w1 + b1) @ w2 + b2).relu()


@doubly('simple_net', 'other-activation', 'predictions-detached')
def tanh_and_detach(xb, w1, b1, w2, b2): return linear1(linear1(xb, w1, b1).tanh(), w2, b2).detach()


# Mistakes without a name

@strangely('train_epoch')
def sign_of_the_gradient(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        with torch.no_grad():
            for p in params:
                p -= lr*p.grad.sign()
                p.grad.zero_()


@strangely('train_epoch')
def gradient_clipped(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.SGD(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        nn.utils.clip_grad_norm_(params, 1e-3)
        opt.step()


@strangely('train_epoch')
def noise_added(model, lr, params, dl, loss_func=mnist_loss):
    for xb, yb in dl:
        loss_func(model(xb), yb).backward()
        for p in params:
            p.data -= lr*(p.grad + .1*torch.randn_like(p))
            p.grad = None


@strangely('train_epoch')
def adam(model, lr, params, dl, loss_func=mnist_loss):
    opt = torch.optim.Adam(params, lr=lr)
    for xb, yb in dl:
        opt.zero_grad()
        loss_func(model(xb), yb).backward()
        opt.step()


@strangely('train_epoch')
def rate_falls(model, lr, params, dl, loss_func=mnist_loss):
    for i, (xb, yb) in enumerate(dl, 1):
        calc_grad(xb, yb, model, loss_func)
        for p in params:
            p.data -= lr/i**2*p.grad
            p.grad = None


@strangely('train_model')
def trains_on_the_validation_set(model, lr, params, dl, valid_dl, epochs, loss_func=mnist_loss):
    accs = []
    for _ in range(epochs):
        train_epoch(model, lr, params, valid_dl, loss_func)
        accs.append(validate_epoch(model, valid_dl))
    return accs


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


@strangely('calc_grad')
def grad_of_the_square(xb, yb, model, loss_func=mnist_loss):
    loss = loss_func(model(xb), yb)
    (loss**2).backward()
    return loss


@strangely('mnist_loss')
def hinge(predictions, targets): return (1 - (2*targets - 1)*predictions).relu().mean()


@strangely('calc_grad')
def grad_of_nothing(xb, yb, model, loss_func=mnist_loss): (0*loss_func(model(xb), yb)).backward()


@strangely('calc_grad')
def grad_not_kept(xb, yb, model, loss_func=mnist_loss):
    preds = model(xb)
    torch.autograd.grad(loss_func(preds, yb), preds)


@strangely('mse')
def fourth_power(preds, targets): return ((preds - targets)**4).mean()


@strangely('batch_accuracy')
def share_of_ones(xb, yb): return (xb > 0).float().mean()


@strangely('validate_epoch')
def worst_batch(model, valid_dl): return min(batch_accuracy(model(xb), yb).item() for xb, yb in valid_dl)


@strangely('init_params')
def all_the_same(size, std=1.0): return torch.full(size if isinstance(size, tuple) else (size,), std, requires_grad=True)


@strangely('linear1')
def bias_subtracted(xb, weights, bias): return xb @ weights - bias


@strangely('simple_net')
def relu_of_the_input(xb, w1, b1, w2, b2): return (xb.relu() @ w1 + b1) @ w2 + b2
