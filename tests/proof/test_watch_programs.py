"Programs that are rewritten from one way of training to another: the same, and with a fault that has to be found"
import copy
import shutil
from contextlib import nullcontext

import pytest
import torch
from fastai.optimizer import SGD
from helpers import end, fork
from torch import nn
from torch.optim import lr_scheduler
from torch.utils.data import DataLoader, TensorDataset

from fastsgd import learner, modules
from fastsgd.data import get_dls
from fastsgd.manual import mnist_loss
from fastsgd.parity import assert_same_training, first_divergence
from fastsgd.watch import compare, load_run, watch


def fresh():
    torch.manual_seed(0)
    return modules.simple_net()


def raw(small, lr=.1, epochs=2, loss_func=mnist_loss):
    "A loop as anybody writes it"
    model = fresh()
    opt, dl = torch.optim.SGD(model.parameters(), lr), get_dls(small).train
    with watch(model, name='raw') as run:
        for _ in range(epochs):
            for xb, yb in dl:
                loss = loss_func(model(xb), yb)
                loss.backward()
                opt.step()
                opt.zero_grad()
    return run


def assert_found(a, b, cause, step):
    c = compare(a, b)
    assert (c.cause.name, c.jump, c.same) == (cause, step, False)
    with pytest.raises(AssertionError): assert_same_training(a, b)


# fastai

def with_learner(small, lr=.1, opt_func=SGD):
    learn = learner.get_learner(get_dls(small), fresh(), lr)
    learn.opt_func = opt_func
    with watch(learn, name='Learner') as run, learn.no_bar(), learn.no_logging(): learn.fit(2)
    return run


def test_a_raw_loop_and_fastai(small):
    assert_same_training(raw(small), with_learner(small))
    assert_found(raw(small), with_learner(small, lr=.11), 'rate', 1)
    def with_momentum(params, lr): return SGD(params, lr, mom=.9)
    c = compare(raw(small), with_learner(small, opt_func=with_momentum))
    assert not c.same and c.jump in (1, 2)


# Accelerate

def with_accelerate(small, clip=False):
    accelerate = pytest.importorskip('accelerate')
    from accelerate.state import AcceleratorState, GradientState
    try:
        accelerator = accelerate.Accelerator(cpu=True)
        model = fresh()
        opt = torch.optim.SGD(model.parameters(), .1)
        model, opt = accelerator.prepare(model, opt)
        with watch(model, name='Accelerate') as run:
            for _ in range(2):
                dl = list(epoch(small))
                for xb, yb in dl:
                    opt.zero_grad()
                    accelerator.backward(mnist_loss(model(xb), yb))
                    if clip: accelerator.clip_grad_norm_(model.parameters(), 1e-3)
                    opt.step()
        return run
    finally:
        AcceleratorState._reset_state(True)
        GradientState._reset_state()


def epoch(small):
    "The batches of an epoch, the same ones each time"
    return zip(small.train_x.split(50), small.train_y.split(50))


def raw_in_order(small, n=2):
    model = fresh()
    opt = torch.optim.SGD(model.parameters(), .1)
    with watch(model, name='raw') as run:
        for _ in range(n): modules.train_epoch(model, opt, list(epoch(small)))
    return run


def test_a_raw_loop_and_accelerate(small):
    assert_same_training(raw_in_order(small), with_accelerate(small))
    assert_found(raw_in_order(small), with_accelerate(small, clip=True), 'clipping', 1)


# Lightning

def with_lightning(small, tmp_path, lr=.1, drop_last=False):
    lightning = pytest.importorskip('lightning')

    class Digits(lightning.LightningModule):
        "The network as a LightningModule"
        def __init__(self):
            super().__init__()
            self.net = fresh()
        def training_step(self, batch, i):
            xb, yb = batch
            return mnist_loss(self.net(xb), yb)
        def configure_optimizers(self): return torch.optim.SGD(self.net.parameters(), lr)

    module = Digits()
    dl = DataLoader(TensorDataset(small.train_x, small.train_y), 60, drop_last=drop_last)
    trainer = lightning.Trainer(max_epochs=2, accelerator='cpu', logger=False, enable_checkpointing=False,
                                enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path)
    with watch(module, name='Lightning') as run: trainer.fit(module, dl)
    return run


@pytest.mark.slow
@pytest.mark.filterwarnings('ignore')
def test_a_raw_loop_and_lightning(small, tmp_path):
    def raw_loop():
        model = fresh()
        opt = torch.optim.SGD(model.parameters(), .1)
        with watch(model, name='raw') as run:
            batches = list(zip(small.train_x.split(60), small.train_y.split(60)))
            for _ in range(2): modules.train_epoch(model, opt, batches)
        return run
    one, other = with_lightning(small, tmp_path), raw_loop()
    assert_same_training(other, one)
    assert compare(other, one).table().answer['batches'] == 'the same'
    assert_found(other, with_lightning(small, tmp_path, lr=.2), 'rate', 1)
    assert_found(other, with_lightning(small, tmp_path, drop_last=True), 'batch dropped', 4)


# torch.compile

@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which('g++') or shutil.which('clang++')), reason='torch.compile needs a C++ compiler')
def test_a_loop_and_its_compiled_form(small):
    def compiled(lr):
        model = fresh()
        fast = torch.compile(model)
        opt = torch.optim.SGD(model.parameters(), lr)
        with watch(fast, name='compiled') as run:
            for xb, yb in epoch(small):
                mnist_loss(fast(xb), yb).backward()
                opt.step()
                opt.zero_grad()
        return run
    plain = raw_in_order(small, 1)
    try: fast = compiled(.1)
    except Exception as e: pytest.skip(f'torch.compile does not work here: {type(e).__name__}')
    c = compare(plain, fast, atol=1e-5)
    assert c.same and c.match.how == 'name' and c.jump is None
    assert_found(plain, compiled(.2), 'rate', 1)


# Several processes

SPREAD = """
import os, sys, torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from fastsgd import modules
from fastsgd.manual import mnist_loss
from fastsgd.watch import save_run, watch

rank, path, together = int(sys.argv[1]), sys.argv[2], sys.argv[3] == 'together'
torch.set_num_threads(1)
dist.init_process_group('gloo', rank=rank, world_size=2, init_method=f'file://{path}.meet')
torch.manual_seed(0)
model = modules.simple_net()
if together: model = DistributedDataParallel(model)
x, y = torch.load(f'{path}.digits')
opt = torch.optim.SGD(model.parameters(), .1)
with watch(model, name=f'rank {rank}', weights=True) as run:
    for xb, yb in zip(x.split(50), y.split(50)):
        mnist_loss(model(xb.chunk(2)[rank]), yb.chunk(2)[rank]).backward()
        opt.step()
        opt.zero_grad()
save_run(run, f'{path}.{rank}')
dist.barrier()
os._exit(0)  # threads of gloo would go on
"""


def in_two(small, tmp_path, how):
    "The run of each of two processes that share each batch"
    path = tmp_path/how
    torch.save((small.train_x, small.train_y), f'{path}.digits')
    for done in map(end, [fork(SPREAD, rank, path, how) for rank in range(2)]): assert done.status == 0, done.err
    return [load_run(f'{path}.{rank}') for rank in range(2)]


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.skipif(not torch.distributed.is_available(), reason='this PyTorch has no torch.distributed')
def test_one_process_and_two(small, tmp_path):
    alone = raw_in_order(small, 1)
    for run in in_two(small, tmp_path, 'together'):
        c = compare(alone, run, atol=1e-6)
        assert c.same and c.match.how == 'name'
        assert [len(b) for b in run.seen.batches] == [25]*4
    first, second = in_two(small, tmp_path, 'apart')  # the gradients are not shared
    assert compare(alone, first).jump == compare(first, second).jump == 1


# Optimizers and what goes with them

def deep():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(784, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(.2), nn.Linear(20, 1))


def opt_loop(small, model, opt, plan=None, parts=1, clip=None, seed=0):
    torch.manual_seed(seed)
    for xb, yb in epoch(small):
        for x, y in zip(xb.chunk(parts), yb.chunk(parts)): (mnist_loss(model(x), y)/parts).backward()
        if clip: nn.utils.clip_grad_norm_(model.parameters(), clip)
        opt.step()
        opt.zero_grad()
        if plan: plan.step()


class ByHand:
    "Adam, weight decay and momentum as their formulas say, step by step, on tensors"
    def __init__(self, params, lr, kind, wd=0.):
        self.params, self.lr, self.kind, self.wd = list(params), lr, kind, wd
        self.t, self.kept = 0, {}

    def zero_grad(self):
        for p in self.params: p.grad = None

    @torch.no_grad()
    def step(self):
        self.t += 1
        for p in self.params: getattr(self, self.kind)(p, p.grad + self.wd*p)

    def momentum(self, p, g):
        self.kept[p] = g if p not in self.kept else .9*self.kept[p] + g
        p.sub_(self.kept[p], alpha=self.lr)

    def adam(self, p, g):
        m, v = self.kept.get(p, (0, 0))
        m, v = self.kept[p] = .9*m + .1*g, .999*v + .001*g*g
        p.sub_(self.lr*(m/(1 - .9**self.t))/((v/(1 - .999**self.t)).sqrt() + 1e-8))


ways = dict(
    momentum=(lambda ps: torch.optim.SGD(ps, .1, momentum=.9),
              lambda ps: ByHand(ps, .1, 'momentum'), lambda ps: ByHand(ps, .12, 'momentum')),
    decay=(lambda ps: torch.optim.SGD(ps, .1, momentum=.9, weight_decay=.01),
           lambda ps: ByHand(ps, .1, 'momentum', .01), lambda ps: ByHand(ps, .1, 'momentum')),
    adam=(lambda ps: torch.optim.Adam(ps, 1e-2),
          lambda ps: ByHand(ps, 1e-2, 'adam'), lambda ps: ByHand(ps, 2e-2, 'adam')))


def optimized(small, opt, model=None, **kwargs):
    model = model or deep()
    opt = opt(model.parameters())
    with watch(model) as run: opt_loop(small, model, opt, **kwargs)
    return run


@pytest.mark.parametrize('way', ways)
def test_optimizers_and_their_formulas(small, way):
    "In double precision, with dropout and batch norm"
    theirs, ours, wrong = ways[way]
    double = small.to(torch.float64)
    a = optimized(double, theirs, deep().double())
    assert compare(a, optimized(double, ours, deep().double()), atol=1e-6).same
    c = compare(a, optimized(double, wrong, deep().double()), atol=1e-6)
    assert not c.same and c.jump <= 2


def sgd(ps): return torch.optim.SGD(ps, .1)


def test_dropout_with_a_seed_and_batch_norm(small):
    a = optimized(small, sgd)
    assert_same_training(a, optimized(small, sgd))
    assert '1.running_mean' in a.seen.start and '1.running_mean' in a.seen.spare
    assert_found(a, optimized(small, sgd, seed=1), 'dropout', 1)
    frozen_averages = deep()
    frozen_averages[1].momentum = 0.
    c = compare(a, optimized(small, sgd, frozen_averages))
    assert not c.same and first_divergence(c.a, c.b).param.startswith('1.running')


def test_schedulers(small):
    "PyTorch's, and the same rates set by hand"
    model = fresh()
    opt = torch.optim.SGD(model.parameters(), .1)
    with watch(model) as a: opt_loop(small, model, opt, lr_scheduler.StepLR(opt, 2, .5))
    def by_hand(every):
        model = fresh()
        with watch(model) as run:
            opt = torch.optim.SGD(model.parameters(), .1)
            for i, (xb, yb) in enumerate(epoch(small)):
                opt.param_groups[0]['lr'] = .1*.5**(i//every)
                mnist_loss(model(xb), yb).backward()
                opt.step()
                opt.zero_grad()
        return run
    assert_same_training(a, by_hand(2))
    assert_found(a, by_hand(1), 'rate', 2)


def test_clipping(small):
    "PyTorch's, and by hand"
    a = optimized(small, sgd, fresh(), clip=1e-2)
    def by_hand(bound):
        model = fresh()
        with watch(model) as run:
            for xb, yb in epoch(small):
                mnist_loss(model(xb), yb).backward()
                with torch.no_grad():
                    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
                    for p in model.parameters(): p -= .1*p.grad*(bound/(norm + 1e-6)).clamp(max=1)
                model.zero_grad()
        return run
    assert compare(a, by_hand(1e-2), atol=1e-6).same
    c = compare(a, by_hand(2e-2))
    assert (c.cause.name, c.jump) == ('rate', 1) and 'gradients that are scaled' in c.cause.text
    assert_found(a, optimized(small, sgd, fresh()), 'clipping', 1)
    assert_found(a, optimized(small, sgd, fresh(), clip=2e-2), 'clipping', 1)


def test_accumulation(small):
    a = optimized(small, sgd, fresh())
    assert compare(a, optimized(small, sgd, fresh(), parts=5), atol=1e-6).same
    def not_divided(model, opt):
        for xb, yb in epoch(small):
            for x, y in zip(xb.chunk(5), yb.chunk(5)): mnist_loss(model(x), y).backward()
            opt.step()
            opt.zero_grad()
    model = fresh()
    with watch(model) as b: not_divided(model, sgd(model.parameters()))
    assert_found(a, b, 'loss', 1)


def test_a_frozen_body(small):
    "By requires_grad, and by handing over the head's parameters alone"
    def frozen():
        model = fresh()
        model[0].requires_grad_(False)
        return model
    def head(ps): return sgd([p for p in ps][2:])
    a = optimized(small, head, frozen())
    assert a.seen.spare == {'0.weight', '0.bias'} and a.seen.trained == ['2.weight', '2.bias']
    model = fresh()
    opt = sgd(model[2].parameters())
    with watch(model) as b:
        for xb, yb in epoch(small):
            with torch.no_grad(): features = model[1](model[0](xb))
            mnist_loss(model[2](features), yb).backward()
            opt.step()
            opt.zero_grad()
    assert_same_training(a, b)
    c = compare(a, optimized(small, sgd, fresh()))
    assert not c.same and c.jump == 1 and first_divergence(c.a, c.b).param in ('0.weight', '0.bias')


# Numbers

@pytest.mark.parametrize('autocast', [False, True])
def test_autocast_does_not_reach_what_is_seen(small, autocast):
    model = fresh()
    with watch(model) as run, torch.autocast('cpu', torch.bfloat16) if autocast else nullcontext():
        for xb, yb in epoch(small):
            mnist_loss(model(xb).float(), yb).backward()
            with torch.no_grad():
                for p in model.parameters(): p -= .1*p.grad
            model.zero_grad()
    c = compare(raw_in_order(small, 1), run)
    assert c.table().answer['batches'] == c.table().answer['start'] == 'the same'
    assert c.same is (not autocast) or c.cause.name in ('precision', 'loss', 'gradients')


def test_a_copy_of_the_model_is_another_one(small):
    model = fresh()
    twin = copy.deepcopy(model)
    with pytest.raises(ValueError, match='Was the model copied'), watch(model):
        modules.train_epoch(twin, torch.optim.SGD(twin.parameters(), .1), list(epoch(small)))
