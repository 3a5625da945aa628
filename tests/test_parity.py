"A verdict that can be trusted: no fault passes, and nothing else fails"
import hashlib, subprocess, sys
from functools import partial
from unittest.mock import patch

import pytest
import torch
from fastai.data.external import fastai_path
from fastai.optimizer import SGD
from torch import nn

from fastsgd import learner, manual, modules
from fastsgd.data import get_dls, load_digits
from fastsgd.parity import Run, assert_same_training, compare_tiers, first_divergence

has_sample = (fastai_path('data')/'mnist_sample').is_dir()
needs_sample = pytest.mark.skipif(not has_sample, reason='MNIST_SAMPLE is not on disk: untar_data(URLs.MNIST_SAMPLE) fetches it')


@pytest.fixture(scope='module')
def digits(): return load_digits()


@pytest.fixture(scope='module')
def ten(): return load_digits(classes=range(10))


def fingerprint(tiers): return hashlib.sha256(b''.join(p.numpy().tobytes() for run in tiers.runs.values() for p in run.params[-1].values())).hexdigest()


def doubled(loss_func): return lambda p, t: 2*loss_func(p, t)
def manual_epoch(model, lr, params, dl, loss_func, real=manual.train_epoch): real(model, lr*1.001, params, dl, loss_func)
def modules_epoch(model, opt, dl, loss_func, real=modules.train_epoch): real(model, opt, dl, doubled(loss_func))
def calc_grad(xb, yb, model, loss_func, real=manual.calc_grad): return real(xb, yb, model, doubled(loss_func))
def no_bias(xb, weights, bias): return xb @ weights + 0*bias
def get_learner(dls, model, lr, loss_func, real=learner.get_learner): return real(dls, model, lr*1.001, loss_func)


class Lazy(nn.Linear):
    "A layer that leaves its bias out"
    def forward(self, xb): return xb @ self.weight.T + 0*self.bias


FAULTS = [(manual, 'train_epoch', manual_epoch), (manual, 'calc_grad', calc_grad), (manual, 'linear1', no_bias),
          (modules, 'train_epoch', modules_epoch), (modules, 'calc_grad', calc_grad), (modules, 'linear_model', lambda n_out: Lazy(784, n_out)),
          (learner, 'get_learner', get_learner), (learner, 'SGD', partial(SGD, mom=.5)), (learner, 'SGD', partial(SGD, wd=1e-3))]


@pytest.mark.parametrize('module, name, fault', FAULTS, ids=[f'{m.__name__}.{n}' for m, n, _ in FAULTS])
def test_a_planted_fault_turns_the_verdict(digits, module, name, fault):
    with patch.object(module, name, fault): tiers = compare_tiers(digits, epochs=2)
    assert not tiers.same
    assert 'step' in tiers.verdict and ('weights' in tiers.verdict or 'bias' in tiers.verdict)


def test_a_learner_that_drops_the_last_batch_is_found(digits):
    def dropping(dls, model, lr, loss_func, real=learner.get_learner):
        dls.train.dl.drop_last = True
        return real(dls, model, lr, loss_func)
    with patch.object(learner, 'get_learner', dropping): tiers = compare_tiers(digits, epochs=2)
    assert not tiers.same and 'step 13 (epoch 1, batch 13)' in tiers.verdict


BOUNDS = {('linear', 2): 0., ('linear', 10): 1e-4, ('simple_net', 2): 1e-6, ('simple_net', 10): 1e-4}


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('arch, n', BOUNDS)
def test_tiers_stay_within_the_bounds(digits, ten, arch, n, dtype):
    tiers = compare_tiers((digits if n == 2 else ten).to(dtype), arch, epochs=2, lr=.3)
    assert tiers.same, tiers.verdict
    assert max(tiers.max_diff.values()) <= (1e-12 if dtype == torch.float64 else BOUNDS[arch, n])
    assert tiers.accuracy['manual'] == tiers.accuracy['modules'] == tiers.accuracy['learner']
    assert_same_training(tiers.runs['modules'], tiers.runs['learner'])


@pytest.mark.parametrize('lr', [.03, .1, .7, 1.])
def test_linear_is_equal_to_the_last_bit_at_any_rate(digits, lr):
    assert compare_tiers(digits, epochs=3, lr=lr).max_diff == {'modules': 0., 'learner': 0.}


def device_missing(device):
    return {'cuda': not torch.cuda.is_available(), 'mps': not torch.backends.mps.is_available()}.get(device, False)


@pytest.mark.parametrize('device', ['cpu', 'cuda', 'mps'])
@pytest.mark.parametrize('arch', ['linear', 'simple_net'])
def test_tiers_agree_on_each_device(digits, ten, arch, device):
    if device_missing(device): pytest.skip(f'this machine has no {device}')
    for data in (digits, ten): assert compare_tiers(data, arch, epochs=2, lr=.3, device=device).same


def test_the_same_comparison_gives_the_same_bits_in_another_process(digits):
    here = fingerprint(compare_tiers(digits, 'simple_net', epochs=2))
    assert here == fingerprint(compare_tiers(digits, 'simple_net', epochs=2))
    code = '''
import hashlib
from fastsgd.parity import compare_tiers
tiers = compare_tiers(arch='simple_net', epochs=2)
print(hashlib.sha256(b''.join(p.numpy().tobytes() for run in tiers.runs.values() for p in run.params[-1].values())).hexdigest())'''
    assert subprocess.run([sys.executable, '-W', 'ignore', '-c', code], capture_output=True, text=True, check=True).stdout.strip() == here


def test_comparing_leaves_the_random_state_alone(digits):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    compare_tiers(digits, epochs=1)
    assert torch.equal(before, torch.get_rng_state())


def run(name, *states, epoch_len=2): return Run(name, [{'w': torch.tensor(s)} for s in states], [0.]*(len(states) - 1), [1.], 0., epoch_len)


def test_where_runs_part_is_named():
    a, b = run('a', [0., 0.], [1., 1.], [2., 2.], [3., 3.]), run('b', [0., 0.], [1., 1.], [2., 2.], [3., 3.5])
    d = first_divergence(a, b)
    assert (d.step, d.param, d.diff) == (3, 'w', .5)
    with pytest.raises(AssertionError, match=r'b parts from a at step 3 \(epoch 2, batch 1\): w differs by 0.5'): assert_same_training(a, b)
    assert_same_training(a, b, atol=.5)


def test_another_start_is_named():
    with pytest.raises(AssertionError, match='at the start'): assert_same_training(run('a', [0.], [1.]), run('b', [.1], [1.]))


def test_runs_of_different_length_are_not_the_same():
    with pytest.raises(AssertionError, match='b took 1 steps, a took 2'): assert_same_training(run('a', [0.], [1.], [2.]), run('b', [0.], [1.]))


def test_nan_is_the_same_as_nothing():
    with pytest.raises(AssertionError, match='step 1'): assert_same_training(run('a', [0.], [1.]), run('b', [0.], [float('nan')]), atol=1e9)


def test_other_parameters_cannot_be_compared():
    with pytest.raises(ValueError, match='same names and shapes'): first_divergence(run('a', [0.]), run('b', [0., 1.]))


def test_results_are_plain_values(digits):
    import json
    tiers = compare_tiers(digits, epochs=1)
    result = json.loads(json.dumps(tiers.to_dict(), allow_nan=False))
    assert result['same'] is True and set(result['accuracy']) == {'manual', 'modules', 'learner'} and set(result['max_diff']) == {'modules', 'learner'}
    assert list(tiers.trace(2).columns) == ['manual', 'modules', 'learner'] and 'Same' in repr(tiers) and '<table' in tiers._repr_html_()


@needs_sample
def test_the_sample_has_all_threes_and_sevens():
    data = load_digits('mnist_sample')
    assert (len(data.train_x), len(data.valid_x)) == (12396, 2038)
    assert (data.train_y.sum().item(), data.valid_y.sum().item()) == (6131, 1010)


@needs_sample
def test_the_books_accuracies_are_reached():
    data = load_digits('mnist_sample')
    torch.manual_seed(42)
    params = weights, bias = manual.init_params((784, 1)), manual.init_params(1)
    dls = get_dls(data, bs=256)
    assert manual.train_model(partial(manual.linear1, weights=weights, bias=bias), 1., params, dls.train, dls.valid, 20)[-1] >= .967
    assert min(a[-1] for a in compare_tiers(data, epochs=20, bs=256).accuracy.values()) >= .978
    net = compare_tiers(data, 'simple_net', epochs=40, lr=.1, bs=256)
    assert net.same and min(a[-1] for a in net.accuracy.values()) >= .980
