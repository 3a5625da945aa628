"Clean tiers agree, a fault in any of them is found and placed, and nothing outside changes the outcome"
import copy
import gc
import hashlib
import io
import json
import os
import pickle
import re
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from math import nan
from unittest.mock import patch

import pytest
import torch
from fastai.data.core import DataLoaders
from fastai.optimizer import SGD
from torch import nn

from fastsgd import learner, manual, modules, parity
from fastsgd.data import get_dls
from fastsgd.guards import Refusal
from fastsgd.manual import init_params, linear1
from fastsgd.parity import (
    Run, Steps, WatchedLoader, assert_same_training, compare_tiers, first_divergence, record, step_diffs)


# Clean tiers

@pytest.mark.parametrize('dtype, bounds', [
    (torch.float32, (0, 1e-6, 1e-4)), (torch.float64, (1e-12, 1e-12, 1e-12))], ids=str)
@pytest.mark.parametrize('case', [0, 1, 2, 3], ids=['linear', 'simple_net', 'linear-ten', 'simple_net-ten'])
def test_clean_tiers_are_the_same_computation(small, ten, case, dtype, bounds):
    data, arch = [(small, 'linear'), (small, 'simple_net'), (ten, 'linear'), (ten, 'simple_net')][case]
    tiers = compare_tiers(data.to(dtype), arch, epochs=3, lr=.5)
    assert tiers.same and 'Same computation' in tiers.verdict
    assert max(tiers.max_diff.values()) <= tiers.bound <= bounds[min(case, 2)]
    assert first_divergence(tiers.runs['modules'], tiers.runs['learner']) is None  # not a bit between these two
    manual_accuracy, *others = tiers.accuracy.values()
    assert others == [manual_accuracy]*2 and len(manual_accuracy) == 3
    assert {p.dtype for run in tiers.runs.values() for p in run.params[-1].values()} == {dtype}


@pytest.mark.parametrize('lr', [.03, .1, .7, 1.])
def test_linear_tiers_are_equal_to_the_bit_at_any_rate(small, lr):
    assert compare_tiers(small, epochs=3, lr=lr).max_diff == {'modules': 0., 'learner': 0.}


@pytest.mark.parametrize('bs', [1, 50, 64, 1000])
def test_tiers_agree_for_any_batch_size(small, bs):
    few = replace(small, train_x=small.train_x[:65], train_y=small.train_y[:65])
    tiers = compare_tiers(few, epochs=2, bs=bs)
    assert tiers.same and {run.n_steps for run in tiers.runs.values()} == {2*-(-65//bs)}


def test_tiers_agree_with_several_threads(data):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try: assert compare_tiers(data, 'simple_net', epochs=1).same
    finally: torch.set_num_threads(before)


@pytest.mark.parametrize('device', ['cpu', 'cuda', 'mps'])
@pytest.mark.parametrize('arch', ['linear', 'simple_net'])
def test_tiers_agree_on_each_device(small, ten, arch, device):
    there = dict(cpu=True, cuda=torch.cuda.is_available(), mps=torch.backends.mps.is_available())[device]
    if not there: pytest.skip(f'this machine has no {device}')
    for data in small, ten:
        tiers = compare_tiers(data, arch, epochs=2, lr=.3, device=device)
        assert tiers.same, tiers.verdict


def test_results_are_plain_values(small):
    tiers = compare_tiers(small, epochs=2)
    kept = json.loads(json.dumps(tiers.to_dict(), allow_nan=False))
    assert kept['same'] is True and kept['max_diff'] == tiers.max_diff
    assert kept['accuracy'] == {n: pytest.approx(a, abs=1e-6) for n, a in tiers.accuracy.items()}
    assert list(tiers.table().index) == list(tiers.trace(2).columns) == ['manual', 'modules', 'learner']
    assert tiers.verdict in repr(tiers) and tiers.verdict in tiers._repr_html_() and '<table' in tiers._repr_html_()


# Planted faults. Each entry: where to plant it, what to plant, the architecture, the step where the tiers part,
# and which part.

def no_zeroing(model, lr, params, dl, loss_func):
    for xb, yb in dl:
        manual.calc_grad(xb, yb, model, loss_func)
        with torch.no_grad():
            for p in params: p -= lr*p.grad


def halved_grad(xb, yb, model, loss_func):
    loss = loss_func(model(xb), yb)/2
    loss.backward()
    return loss.detach()


def without_short_batches(model, opt, dl, loss_func):
    model.train()
    for xb, yb in dl:
        if len(xb) < 64: continue
        modules.calc_grad(xb, yb, model, loss_func)
        opt.step()
        opt.zero_grad()


def learner_without_short_batches(dls, model, lr, loss_func):
    dl = WatchedLoader(dls.train.dl.new(drop_last=True), dls.train.after_step)
    return get_learner(DataLoaders(dl, dls.valid, device=dls.device), model, lr, loss_func)


class Louder(nn.Linear):
    def forward(self, x): return super().forward(x)*1.01


get_learner = learner.get_learner  # as it is before a fault is planted
def without_relu(xb, w1, b1, w2, b2): return linear1(linear1(xb, w1, b1), w2, b2)
def tanh_net(n_out): return nn.Sequential(nn.Linear(784, 30), nn.Tanh(), nn.Linear(30, n_out))
def learner_with_half_the_loss(dls, model, lr, loss_func):
    return get_learner(dls, model, lr, lambda p, y: loss_func(p, y)/2)
def learner_with_another_rate(dls, model, lr, loss_func, by=1.01): return get_learner(dls, model, lr*by, loss_func)


from_manual, from_modules, from_learner = ('modules', 'learner'), ('modules',), ('learner',)
faults = {
    'no zeroing': (manual, 'train_epoch', no_zeroing, 'linear', 2, from_manual),
    'no step': (manual, 'train_epoch', lambda model, lr, params, dl, loss_func: list(dl), 'linear', 1, from_manual),
    'halved gradient': (manual, 'calc_grad', halved_grad, 'linear', 1, from_manual),
    'no bias': (manual, 'linear1', lambda xb, weights, bias: xb @ weights + 0*bias, 'linear', 1, from_manual),
    'no relu': (manual, 'simple_net', without_relu, 'simple_net', 1, from_manual),
    'short batches dropped': (modules, 'train_epoch', without_short_batches, 'linear', 4, from_modules),
    'halved gradient in modules': (modules, 'calc_grad', halved_grad, 'linear', 1, from_modules),
    'another layer': (modules, 'linear_model', lambda n_in=784, n_out=1: Louder(n_in, n_out), 'linear', 1, from_manual),
    'another activation': (modules, 'simple_net', tanh_net, 'simple_net', 1, from_manual),
    'weight decay': (parity, 'SGD', partial(SGD, wd=.1), 'linear', 1, from_modules),
    'another rate': (learner, 'get_learner', learner_with_another_rate, 'simple_net', 1, from_learner),
    'another loss': (learner, 'get_learner', learner_with_half_the_loss, 'linear', 1, from_learner),
    'short batches dropped by learner': (
        learner, 'get_learner', learner_without_short_batches, 'linear', 4, from_learner),
    'momentum': (learner, 'SGD', partial(SGD, mom=.9), 'simple_net', 2, from_learner),
}


@pytest.mark.parametrize('fault', faults)
def test_planted_fault_is_found_and_placed(small, fault):
    module, name, planted, arch, step, tiers_that_part = faults[fault]
    assert compare_tiers(small, arch, epochs=2).same
    with patch.object(module, name, planted): tiers = compare_tiers(small, arch, epochs=2)
    params = '|'.join(tiers.runs['manual'].params[0])
    assert not tiers.same and not tiers.to_dict()['same'] and 'Not the same' in tiers.verdict
    assert re.search(rf'{tiers_that_part[0]} parts from manual at step {step} .*: ({params}) differs by', tiers.verdict)
    assert 'crept' not in tiers.verdict
    for name in tiers_that_part:
        assert first_divergence(tiers.runs['manual'], tiers.runs[name], tiers.bound).step == step


@pytest.fixture(scope='module')
def wild(ten):
    "Ten digits, a network, and a rate so high that rounding grows until the tiers part"
    return compare_tiers(ten, 'simple_net', epochs=9, lr=1.)


def test_rounding_that_grows_is_no_fault_as_float64_shows(wild):
    assert wild.faults and wild.same and wild.exact.same
    assert max(wild.exact.max_diff.values()) <= wild.exact.bound == 1e-12 < wild.bound < max(wild.max_diff.values())
    assert wild.verdict.startswith(
        'Same computation, as float64 shows: there the weights of all tiers agree after each of 63 steps. '
        'In float32, modules parts from manual at step ')
    assert wild.to_dict()['same']


def test_a_fault_in_a_wild_training_is_a_fault(ten):
    with patch.object(modules, 'calc_grad', halved_grad): tiers = compare_tiers(ten, 'simple_net', epochs=1, lr=1.)
    assert not tiers.same and not tiers.exact.same
    assert tiers.verdict.startswith('Not the same: modules parts from manual at step 1 ')
    assert 'rounding is not the cause' in tiers.verdict


def test_a_training_too_wild_even_for_float64_is_called_that(ten):
    tiers = compare_tiers(ten, 'simple_net', epochs=20, lr=1.)
    assert not tiers.same and tiers.parting < tiers.exact.parting <= 140
    assert 'That is rounding, as float64 shows; but it grows until' in tiers.verdict
    assert tiers.verdict.endswith('Lower lr.')


def test_float64_is_asked_only_where_float32_parts(small):
    assert compare_tiers(small, epochs=1).exact is None
    with patch.object(modules, 'calc_grad', halved_grad):
        assert compare_tiers(small.to(torch.float64), epochs=1).exact is None  # it is float64 already


@pytest.mark.parametrize('lr, learned', [(1., True), (1e-9, False)])
def test_a_run_that_learns_nothing_is_told(data, lr, learned):
    tiers = compare_tiers(data, epochs=1, lr=lr)
    assert tiers.same and tiers.learned == tiers.to_dict()['learned'] == learned
    assert ('nothing was learned' in tiers.verdict) != learned


def test_faults_that_accuracy_does_not_show_are_found(small):
    with patch.object(learner, 'get_learner', partial(learner_with_another_rate, by=1 + 1e-5)):
        tiers = compare_tiers(small, epochs=2)
    assert tiers.accuracy['learner'] == tiers.accuracy['manual'] and not tiers.same


def test_nan_in_one_tier_is_a_fault(small):
    def spoiled(dls, model, lr, loss_func):
        with torch.no_grad(): model.bias.fill_(nan)
        return get_learner(dls, model, lr, loss_func)
    with patch.object(learner, 'get_learner', spoiled): tiers = compare_tiers(small, epochs=1)
    assert not tiers.same and re.search('learner parts from manual at step 1 .* differs by inf', tiers.verdict)


@pytest.mark.parametrize('module, tiers_that_idle', [
    (manual, ['manual']), (modules, ['modules'])], ids=['manual', 'modules'])
def test_a_tier_that_takes_no_step_is_a_fault(small, module, tiers_that_idle):
    with patch.object(module, 'train_epoch', lambda *args: None): tiers = compare_tiers(small, epochs=1)
    assert not tiers.same and tiers.faults == [f'{tier} took no step' for tier in tiers_that_idle]
    assert tiers.verdict == f'Not the same: {tiers_that_idle[0]} took no step.' and tiers.verdict in repr(tiers)
    assert json.loads(json.dumps(tiers.to_dict()))['n_steps'][tiers_that_idle[0]] == 0 and tiers.plot()


# Recorded runs

def run_of(name, *steps, param='weights'):
    return Run(name, [{param: torch.tensor([float(s)])} for s in steps], [0.]*(len(steps) - 1), [.5], 0., 2)


def test_equal_runs_are_accepted(): assert_same_training(run_of('a', 0, 1, 2), run_of('b', 0, 1, 2))


@pytest.mark.parametrize('steps, where', [
    ((5, 1, 2, 3), 'the start'), ((0, 5, 2, 3), r'step 1 \(epoch 1, batch 1\)'),
    ((0, 1, 2, 5), r'step 3 \(epoch 2, batch 1\)'),
    ((0, 1, nan, 3), r'step 2 \(epoch 1, batch 2\)')])
def test_runs_that_part_are_refused_with_step_and_parameter(steps, where):
    with pytest.raises(AssertionError, match=f'b parts from a at {where}: weights differs by'):
        assert_same_training(run_of('a', 0, 1, 2, 3), run_of('b', *steps), 1e-3)


def test_nan_is_never_forgiven():
    a, b = run_of('a', 0, nan), run_of('b', 0, nan)
    with pytest.raises(AssertionError, match='step 1'): assert_same_training(a, b, 1e9)


def test_differences_up_to_the_bound_are_forgiven():
    a, b = run_of('a', 0, 1), run_of('b', 0, 1.5)
    assert_same_training(a, b, .5)
    with pytest.raises(AssertionError, match='differs by 0.5, more than 0.49'): assert_same_training(a, b, .49)


@pytest.mark.parametrize('lengths', [(3, 2), (2, 3)])
def test_runs_of_different_length_are_refused(lengths):
    a, b = (run_of(name, *range(n)) for name, n in zip('ab', lengths))
    with pytest.raises(AssertionError, match=f'b took {b.n_steps} steps, a took {a.n_steps}'):
        assert_same_training(a, b)


def test_runs_with_other_parameters_are_refused():
    with pytest.raises(ValueError, match='a has parameters.*weights.*b has.*w1.*same names'):
        assert_same_training(run_of('a', 0), run_of('b', 0, param='w1'))


def test_the_parameter_that_differs_most_is_named():
    a, b = (Run(n, [dict(w=torch.tensor([0.]), b=torch.tensor([x]))], [], [.5], 0., 1)
            for n, x in (('a', 0.), ('b', 1.)))
    d = first_divergence(a, b)
    assert (d.step, d.param, d.diff) == (0, 'b', 1.) and step_diffs(a, b).tolist() == [[0., 1.]]


def with_list(run): return replace(run, params=[{n: p.clone() for n, p in step.items()} for step in run.params])


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize('n', [1, 2, 263])  # the last is one more than what is compared at once, twice
def test_differences_are_those_of_each_step(n, dtype):
    g = torch.Generator().manual_seed(n)
    def step(): return dict(w=torch.randn(1000, 2, generator=g).to(dtype).T, b=torch.randn((), generator=g).to(dtype))
    a, b = (Run(name, [step() for _ in range(n + extra)], [], [], 0., 1) for name, extra in (('a', 3), ('b', 0)))
    b.params[n//2]['w'][1, 7] = nan
    def largest(x, y): return torch.stack([(x[p] - y[p]).abs().max() for p in ('w', 'b')])
    expected = torch.stack([largest(x, y) for x, y in zip(a.params, b.params)])
    for params in b.params, Steps(b.params), Steps(b.params, room=1):
        found = step_diffs(a, replace(b, params=params))
        assert found.dtype == dtype and found.isnan().sum() == 1
        assert torch.equal(found.nan_to_num(9), expected.nan_to_num(9))


# Runs that prove nothing

def own_loop(lr, dl, read=True, **kwargs):
    "Record a loop with tier 1's step; it reads the loader that it is given, or its own"
    params = dict(weights=torch.zeros(784, 1, requires_grad=True), bias=torch.zeros(1, requires_grad=True))
    def train(given, loss_func):
        manual.train_epoch(partial(linear1, **params), lr, list(params.values()), given if read else dl, loss_func)
    return record(f'lr {lr}', train, **{'params': lambda: params, 'dl': dl, **kwargs})


def test_a_loop_that_does_not_read_its_loader_is_refused(dls):
    said = r'No step of lr 0.01 was seen: its train\(dl, loss_func\) has to read .* the loader that it is given'
    with pytest.raises(ValueError, match=said):
        own_loop(.01, dls.train, read=False)


@pytest.mark.parametrize('lengths', [(1, 1), (1, 3), (3, 1)])
@pytest.mark.parametrize('judge', [first_divergence, assert_same_training])
def test_runs_without_steps_do_not_agree(judge, lengths):
    a, b = (run_of(name, *range(n)) for name, n in zip('ab', lengths))
    with pytest.raises(ValueError, match=f'No step of {"a" if lengths[0] == 1 else "b"} was seen'): judge(a, b)


def test_a_start_alone_can_be_looked_at():
    a, b = run_of('a', 0), run_of('b', 5)
    assert step_diffs(a, b).tolist() == [[5.]] and first_divergence(a, b).step == 0
    with pytest.raises(AssertionError, match='b parts from a at the start'): assert_same_training(a, b)


@pytest.mark.parametrize('returned, accuracy, shown', [
    (None, [], ''), ([], [], ''), (.5, [.5], ', accuracy 0.5000'), ([.25, .5], [.25, .5], ', accuracy 0.5000')])
def test_a_run_is_shown_with_or_without_accuracy(small, returned, accuracy, shown):
    dls = get_dls(small)
    run = record('mine', lambda dl, loss_func: list(dl) and returned, lambda: dict(w=torch.zeros(1)), dls.train)
    assert run.accuracy == accuracy and repr(run) == f"Run 'mine' of 4 steps{shown}"
    assert repr(replace(run, accuracy=None)) == "Run 'mine' of 4 steps"


def test_parameters_that_are_no_function_are_refused(dls):
    with pytest.raises(TypeError, match='params is a dict: hand over a function .* such as lambda: dict'):
        own_loop(1., dls.train, params=dict(weights=torch.zeros(1)))


@pytest.mark.parametrize('wrong, what', [
    ({}, 'empty'), ([torch.zeros(1)], 'a list'), (torch.zeros(1), 'a Tensor')], ids=['empty', 'list', 'tensor'])
def test_parameters_without_names_are_refused(dls, wrong, what):
    with pytest.raises(ValueError, match=f'The parameters of a step are {what}: give a dict of tensors by name'):
        own_loop(1., dls.train, params=lambda: wrong)


@pytest.mark.parametrize('other', [
    dict(w=torch.zeros(2)), dict(v=torch.zeros(1)), dict(w=torch.zeros(1).double())], ids=str)
def test_parameters_that_change_their_form_are_refused(dls, other):
    forms = iter([dict(w=torch.zeros(1)), dict(w=torch.zeros(1)), other])
    said = 'Step 2 has parameters .* the first one has .*: they have to keep their names, types and shapes'
    with pytest.raises(ValueError, match=said):
        own_loop(1., dls.train, params=lambda: next(forms))


# Steps in memory and in a file

def mixed(n):
    "A step with tensors of many kinds"
    return dict(flag=torch.tensor([True, n % 2 == 0, False]), w=(torch.arange(6.) + n).reshape(2, 3).T,
                count=torch.tensor(n), half=torch.tensor([[n/2]]).bfloat16(),
                double=torch.tensor([1/3, nan, n], dtype=torch.float64, requires_grad=True))


def same_tensor(x, y):
    return x.dtype == y.dtype and x.shape == y.shape and torch.equal(x.nan_to_num(9.), y.nan_to_num(9.))


def same_step(a, b): return list(a) == list(b) and all(map(same_tensor, a.values(), b.values()))
def same_steps(a, b): return len(a) == len(b) and all(map(same_step, a, b))


@pytest.fixture(params=[1, 200, 2**25], ids=['file', 'both', 'memory'])
def kept(request): return Steps(map(mixed, range(10)), request.param)


def test_steps_are_a_sequence(kept):
    steps = [mixed(n) for n in range(10)]
    assert same_steps(kept, steps) and same_steps(list(kept), steps) and same_steps([*reversed(kept)], steps[::-1])
    for i in 0, 3, 9, -1, -10: assert same_step(kept[i], steps[i])
    for s in slice(3, 5), slice(None), slice(-3, None), slice(None, None, -2), slice(7, 3), slice(8, 99):
        assert same_steps(kept[s], steps[s])
    assert same_steps(kept[2:][::2][-2:], steps[2:][::2][-2:])
    for i in 10, -11:
        with pytest.raises(IndexError): kept[i]
    assert not any(p.requires_grad for p in kept[0].values())


def test_steps_of_a_part_are_its_own(kept):
    part = kept[:4]
    part.append(mixed(20))
    kept.append(mixed(30))
    assert same_steps(part, [*map(mixed, range(4)), mixed(20)])
    assert same_steps(kept, [*map(mixed, range(10)), mixed(30)])


def test_steps_stay_as_they_were_recorded(kept):
    step = mixed(5)
    kept.append(step)
    for changed in step, kept[-1]: changed['w'].zero_()
    assert same_step(kept[-1], mixed(5))


def test_names_may_come_in_another_order():
    steps = Steps([dict(a=torch.tensor(1), b=torch.tensor(2.)), dict(b=torch.tensor(4.), a=torch.tensor(3))])
    assert same_step(steps[1], dict(a=torch.tensor(3), b=torch.tensor(4.)))


def test_copies_are_lists(kept):
    def saved(steps):
        torch.save(steps, file := io.BytesIO())
        file.seek(0)
        return torch.load(file, weights_only=False)
    for copied in pickle.loads(pickle.dumps(kept)), copy.deepcopy(kept), saved(kept):
        assert type(copied) is list and same_steps(copied, kept)


def test_steps_are_read_by_several_threads_at_once():
    from concurrent.futures import ThreadPoolExecutor
    steps = Steps(({'w': torch.full((50_000,), n)} for n in range(50)), room=1)
    with ThreadPoolExecutor(8) as pool: assert all(pool.map(lambda n: (steps[n % 50]['w'] == n % 50).all(), range(500)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    "Where temporary files go"
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    return tmp_path


def open_in(folder):
    "Files of this process in `folder`, those without a name too"
    if not os.path.isdir('/proc/self/fd'): pytest.skip('this system does not say which files are open')
    gc.collect()
    links = [f'/proc/self/fd/{fd}' for fd in os.listdir('/proc/self/fd')]
    files = [os.readlink(link) for link in links if os.path.islink(link)]
    return [f for f in files if f.startswith(str(folder))]


def test_the_file_is_gone_with_the_last_part_of_it(folder):
    steps = Steps(map(mixed, range(10)), room=1)
    assert len(open_in(folder)) == 1 and not os.listdir(folder)  # without a name, the system frees it whatever happens
    last = steps[-1:]
    del steps
    assert len(open_in(folder)) == 1 and same_step(last[0], mixed(9))
    del last
    assert not open_in(folder)


def test_few_steps_need_no_file(folder):
    steps = Steps(map(mixed, range(10)))
    assert len(steps) == 10 and not open_in(folder)


def large(): return dict(w=torch.ones(3_000_000))  # three steps are more than what stays in memory


def test_the_file_is_gone_after_an_error(folder, dls):
    def train(dl, loss_func):
        for step, batch in enumerate(dl):
            if step == 3: raise KeyboardInterrupt
        return [1.]
    with pytest.raises(KeyboardInterrupt) as e: record('mine', train, large, dls.train)
    assert len(open_in(folder)) == 1  # the traceback holds it
    del e
    assert not open_in(folder)


@contextmanager
def full(size):
    "Within this context no file of this process grows beyond `size`, not even the one that pytest may be printing to"
    resource = pytest.importorskip('resource')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try: yield
    finally: resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.filterwarnings('error')  # nor is there a second one, when the file is closed
@pytest.mark.parametrize('numbers, size, step', [(3_000_000, 40_000_000, 3), (500, 9_000, 4)])  # a buffer lies between
def test_a_full_disk_is_reported_in_one_sentence(folder, numbers, size, step):
    said = (f'^There is no room for step {step} in {folder} .*: '
            'set TMPDIR to a folder with more room, or train for fewer steps.$')
    with full(size), pytest.raises(OSError, match=said) as e:
        Steps(({'w': torch.ones(numbers)} for _ in range(9)), room=1)
    del e
    assert not open_in(folder)


def test_no_folder_for_the_file_is_reported(folder):
    folder.rmdir()
    with pytest.raises(OSError, match='There is no room for step 2 .*No such file or directory'): Steps([large()]*3)


def memory(which):
    "What this process holds now (`VmRSS`), or held at most (`VmHWM`), in bytes"
    with open('/proc/self/status') as f: return 1024*int(re.search(rf'{which}:\s+(\d+) kB', f.read())[1])


def test_memory_does_not_grow_with_the_steps(folder):
    try:
        with open('/proc/self/clear_refs', 'w') as f: f.write('5')  # forget the peak so far
    except OSError: pytest.skip('this system does not say how much memory was used at most')
    before, w = memory('VmRSS'), torch.zeros(500_000)
    def train(dl, loss_func):
        for step in dl: w.add_(1)
    run = record('long', train, lambda: dict(w=w), range(800))
    assert first_divergence(run, replace(run, params=run.params[:200])) is None
    assert [p['w'][0] for p in run.params[::200]] == [0, 200, 400, 600, 800] and len(run.params)*w.nbytes > 1.6e9
    assert memory('VmHWM') - before < 200e6


# Nothing outside matters, and nothing outside is touched

def digest(run): return hashlib.sha256(b''.join(p.numpy().tobytes() for p in run.params[-1].values())).hexdigest()


def test_weights_are_the_same_to_the_bit_in_each_process(data, pair):
    def here():
        comparisons = [compare_tiers(data, arch, epochs=1) for arch in ('linear', 'simple_net')]
        return [digest(run) for tiers in comparisons for run in tiers.runs.values()]
    torch.manual_seed(1)
    first = here()
    torch.manual_seed(2)
    assert here() == first
    assert [p.out.split() for p in pair.ends] == [first, first]


def test_another_seed_gives_other_weights(small):
    a, b = (compare_tiers(small, epochs=1, seed=seed).runs['manual'] for seed in (1, 2))
    assert digest(a) != digest(b)


def test_comparison_leaves_torch_random_alone(small):
    before = torch.get_rng_state()
    compare_tiers(small, epochs=1)
    assert torch.equal(before, torch.get_rng_state())


def test_comparison_leaves_the_data_alone(small):
    before = small.train_x.clone()
    compare_tiers(small, epochs=1)
    assert torch.equal(small.train_x, before)


# The book's figures, on the set that it used

def test_manual_linear_model_reaches_the_books_accuracy(sample):
    dls = get_dls(sample, 256)
    torch.manual_seed(0)
    params = weights, bias = init_params((784, 1)), init_params(1)
    model = partial(linear1, weights=weights, bias=bias)
    assert manual.train_model(model, 1., params, dls.train, dls.valid, 20)[-1] >= .967


@pytest.mark.parametrize('arch, lr, epochs, accuracy', [('linear', 1., 20, .978), ('simple_net', .1, 40, .980)])
def test_all_tiers_reach_the_books_accuracy_together(sample, arch, lr, epochs, accuracy):
    tiers = compare_tiers(sample, arch, epochs, lr, 256)
    assert tiers.same, tiers.verdict
    assert min(a[-1] for a in tiers.accuracy.values()) >= accuracy


# A network of one's own

def own(*sizes, between=nn.Tanh):
    torch.manual_seed(0)
    pairs = [layer for size in zip(sizes, sizes[1:]) for layer in (nn.Linear(*size), between())]
    return nn.Sequential(*pairs[:-1])


@pytest.mark.parametrize('dtype, bound', [(torch.float32, 1e-4), (torch.float64, 1e-12)], ids=str)
def test_networks_of_ones_own_are_the_same_in_all_tiers(ten, dtype, bound):
    model = own(784, 50, 20, 10)
    before = copy.deepcopy(model.state_dict())
    tiers = compare_tiers(ten.to(dtype), model=model, epochs=2)
    assert tiers.same and tiers.bound == bound and '784-50-20-10 for' in tiers.title
    names = [f'p{i}_{kind}' for i in (0, 2, 4) for kind in ('weight', 'bias')]
    assert list(tiers.runs['manual'].params[0]) == names
    assert torch.equal(tiers.runs['manual'].params[0]['p0_weight'], model[0].weight.T.to(dtype))
    assert all(torch.equal(before[n], p) for n, p in model.state_dict().items())


def test_a_pair_of_forms_and_another_loss(small):
    def squared(preds, targets): return ((preds.sigmoid() - targets)**2).mean()
    pair = (lambda xb, w, b: xb@w + b), own(784, 1)
    tiers = compare_tiers(small, model=pair, epochs=2, loss_func=squared)
    assert tiers.same and tiers.runs['manual'].losses != compare_tiers(small, epochs=2).runs['manual'].losses
    wrong = compare_tiers(small, model=(lambda xb, w, b: xb@w + 2*b, pair[1]), epochs=1, loss_func=squared)
    assert not wrong.same and first_divergence(wrong.runs['manual'], wrong.runs['modules']).step == 1


def test_layers_without_biases(small):
    model = nn.Sequential(nn.Linear(784, 20, bias=False), nn.ReLU(), nn.Linear(20, 1))
    assert compare_tiers(small, model=model, epochs=1).same


@pytest.mark.parametrize('model, words', [
    (nn.Sequential(nn.Conv2d(1, 1, 3)), 'Layer 0 is a Conv2d'),
    (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), 'Layer 1 is a Dropout'),
    (nn.Linear(784, 1), 'model is a Linear'), ('linear', 'model is a str'),
    (nn.Sequential(nn.ReLU()), 'has no parameters')], ids=str)
def test_networks_that_tier_1_has_no_form_for(small, model, words):
    with pytest.raises((ValueError, TypeError), match=words) as e: compare_tiers(small, model=model)
    assert isinstance(e.value, Refusal)
