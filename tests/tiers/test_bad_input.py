"Whatever is wrong, the message names the cause and the mend, and nothing is lost"
from dataclasses import replace
from math import inf, nan
from types import SimpleNamespace

import pytest
import torch
from fastai.data.core import DataLoaders
from torch.utils.data import TensorDataset

from fastsgd import descent, manual, modules
from fastsgd.data import TensorLoader, get_dls, load_digits
from fastsgd.learner import get_learner
from fastsgd.parity import compare_tiers

zeros = torch.zeros


def leaf(*size): return zeros(size, dtype=torch.float64).requires_grad_()


def descend(problem, params=None, loss_func=manual.mnist_loss, lr=1.):
    params = problem.params if params is None else params
    return descent.gradient_descent(problem.model, lr, params, problem.x, problem.y, 2, loss_func)


def train(problem, params=None, loss_func=manual.mnist_loss, lr=1.):
    manual.train_epoch(problem.model, lr, problem.params if params is None else params, problem.dl, loss_func)


def train_module(problem, loss_func=manual.mnist_loss):
    model = problem.module = modules.linear_model(2).double()
    problem.params = list(model.parameters())
    modules.train_epoch(model, modules.BasicOptim(model.parameters(), 1.), problem.dl, loss_func)


# Shapes

@pytest.mark.parametrize('xb, weights, bias, mend', [
    ((5, 28, 28), (784, 1), (1,), 'flatten|init_params'),
    ((5, 784), (10, 1), (1,), r'init_params\(\(784'),
    ((5, 784), (784,), (1,), 'init_params'),
    ((5, 784), (784, 1), (5, 1), r'bias.*init_params\(1\)'),
    ((5, 784), (784, 10), (1,), r'bias.*init_params\(10\)')])
def test_linear1_refuses_shapes_that_do_not_fit(xb, weights, bias, mend):
    with pytest.raises(ValueError, match=mend): manual.linear1(zeros(xb), zeros(weights), zeros(bias))


@pytest.mark.parametrize('w1, w2', [((9, 3), (3, 1)), ((4, 3), (2, 1))])
def test_simple_net_refuses_shapes_that_do_not_fit(w1, w2):
    with pytest.raises(ValueError, match='weights.*init_params'):
        manual.simple_net(zeros(5, 4), zeros(w1), zeros(3), zeros(w2), zeros(1))


def test_mse_refuses_shapes_that_would_be_broadcast():
    with pytest.raises(ValueError, match=r'\(5, 1\).*\(5,\).*unsqueeze\(1\)'): descent.mse(zeros(5, 1), zeros(5))


@pytest.mark.parametrize('f', [manual.mnist_loss, manual.batch_accuracy])
def test_labels_without_a_column_are_refused(f):
    with pytest.raises(ValueError, match=r'\(5, 1\).*\(5,\).*unsqueeze\(1\)'): f(zeros(5, 1), zeros(5))


@pytest.mark.parametrize('preds, targets, mend', [
    ((5, 10), (5, 1), r'reshape\(5,\)'),
    ((5, 1), (1, 5), r'reshape\(5, 1\)'),
    ((5,), (5,), r'\(N, n_out\)')])
def test_batch_accuracy_refuses_shapes_that_do_not_fit(preds, targets, mend):
    with pytest.raises(ValueError, match=mend): manual.batch_accuracy(zeros(preds), zeros(targets))


@pytest.mark.parametrize('targets', [(5,), (5, 1)])
def test_several_columns_are_sent_to_a_loss_for_them(targets):
    with pytest.raises(ValueError, match=r'\(5, 4\).*for several classes.*F.cross_entropy'):
        manual.mnist_loss(zeros(5, 4), zeros(targets))


def test_labels_without_a_column_are_refused_by_each_loop(problem):
    problem.y, problem.dl = problem.y[:, 0], [(problem.x, problem.y[:, 0])]
    for loop in descend, train, train_module:
        with pytest.raises(ValueError, match=r'unsqueeze\(1\)'): loop(problem)


# Loaders

@pytest.mark.parametrize('dl', [[], iter([]), (b for b in ())])
@pytest.mark.parametrize('use', [
    lambda model, dl: manual.train_epoch(model, 1., list(model.parameters()), dl),
    lambda model, dl: manual.validate_epoch(model, dl),
    lambda model, dl: modules.train_epoch(model, modules.BasicOptim(model.parameters(), 1.), dl),
    lambda model, dl: modules.validate_epoch(model, dl)])
def test_empty_loader_is_refused(use, dl):
    with pytest.raises(ValueError, match='no batch.*(empty|generator)'): use(modules.linear_model(2), dl)


def test_exhausted_generator_is_refused_in_the_second_epoch(problem):
    batches = (b for b in problem.dl)
    with pytest.raises(ValueError, match='no batch.*generator'):
        manual.train_model(problem.model, 1., problem.params, batches, problem.dl, 2)


def test_learner_refuses_an_empty_loader():
    few = TensorLoader(TensorDataset(zeros(3, 2), zeros(3, 1)), bs=4, drop_last=True)
    with pytest.raises(ValueError, match='dls.train.*no batch.*dropped'):
        get_learner(DataLoaders(few, few), modules.linear_model(2), 1.)


def test_data_without_training_images_is_refused(small):
    with pytest.raises(ValueError, match='no training images.*load_digits'):
        get_dls(replace(small, train_x=small.train_x[:0], train_y=small.train_y[:0]))


def test_comparison_without_validation_images_is_refused(small):
    with pytest.raises(ValueError, match='no validation images.*load_digits'):
        compare_tiers(replace(small, valid_x=small.valid_x[:0], valid_y=small.valid_y[:0]))


@pytest.mark.parametrize('part', ['train_x', 'train_y', 'valid_x', 'valid_y'])
def test_images_and_labels_of_different_length_are_refused(small, part):
    shorter = replace(small, **{part: getattr(small, part)[:50]})
    with pytest.raises(ValueError, match='images.*labels.*one label'): get_dls(shorter)


@pytest.mark.parametrize('bs', [0, -1, 64., '64', None])
def test_batch_size_that_is_no_whole_number_from_1_is_refused(small, bs):
    with pytest.raises(ValueError, match=rf"bs is '?{bs}.*bs=64"): get_dls(small, bs)


# Parameters

@pytest.mark.parametrize('make', [lambda: zeros(1, dtype=torch.float64), lambda: leaf(1)*2], ids=['plain', 'computed'])
@pytest.mark.parametrize('loop', [descend, train])
def test_parameters_that_collect_no_gradient_are_refused(problem, loop, make):
    with pytest.raises(ValueError, match=r'params\[2\].*requires_grad_\(\)'): loop(problem, [*problem.params, make()])


@pytest.mark.parametrize('loop', [descend, train])
def test_unused_parameters_are_refused(problem, loop):
    with pytest.raises(ValueError, match=r'params\[2\].*no gradient.*model'): loop(problem, [*problem.params, leaf(1)])


@pytest.mark.parametrize('loop', [descend, train])
def test_after_unused_parameters_are_refused_training_goes_on_as_if_nothing_happened(problem, loop):
    start = [p.detach().clone() for p in problem.params]
    loop(problem)
    expected = [p.detach().clone() for p in problem.params]
    with torch.no_grad():
        for p, s in zip(problem.params, start): p.copy_(s)
    with pytest.raises(ValueError): loop(problem, [*problem.params, leaf(1)])
    loop(problem)
    assert all(torch.equal(p, e) for p, e in zip(problem.params, expected))


@pytest.mark.parametrize('params', [leaf(2, 1), []], ids=['tensor', 'empty'])
@pytest.mark.parametrize('loop', [descend, train])
def test_parameters_that_are_no_list_of_tensors_are_refused(problem, loop, params):
    with pytest.raises(ValueError, match='params.*list.*tensor'): loop(problem, params)


@pytest.mark.parametrize('params', [leaf(2, 1), []], ids=['tensor', 'empty'])
def test_basic_optim_refuses_what_is_no_list_of_tensors(params):
    with pytest.raises(ValueError, match='param.*model.parameters'): modules.BasicOptim(params, 1.)


def test_basic_optim_refuses_computed_parameters():
    with pytest.raises(ValueError, match=r'requires_grad_\(\)|computation'): modules.BasicOptim([leaf(1)*2], 1.)


# Losses

@pytest.mark.parametrize('loss_func', [
    lambda p, t: manual.mnist_loss(p, t).item(),
    lambda p, t: manual.mnist_loss(p, t).detach(),
    lambda p, t: ((p > 0) == t).double().mean()], ids=['item', 'detach', 'comparison'])
@pytest.mark.parametrize('loop', [descend, train, train_module])
def test_loss_without_gradient_is_refused(problem, loop, loss_func):
    with pytest.raises(ValueError, match='no gradient.*(tensor operations|item)'): loop(problem, loss_func=loss_func)


@pytest.mark.parametrize('loop', [descend, train, train_module])
def test_loss_that_is_no_single_number_is_refused(problem, loop):
    with pytest.raises(ValueError, match=r'shape \(8, 1\).*single number.*mean\(\)'):
        loop(problem, loss_func=lambda p, t: (p - t)**2)


@pytest.mark.parametrize('bad', [nan, inf, -inf])
@pytest.mark.parametrize('loop', [descend, train, train_module])
def test_loss_that_is_not_finite_stops_before_the_step(problem, loop, bad):
    seen = []
    def loss_func(p, t):
        seen[:] = [q.detach().clone() for q in problem.params]
        return manual.mnist_loss(p, t) + bad
    with pytest.raises(FloatingPointError, match=f'loss is {bad}.*lower lr.*NaN'): loop(problem, loss_func=loss_func)
    assert all(torch.equal(p, before) for p, before in zip(problem.params, seen))
    assert not any(p.grad is not None and p.grad.any() for p in problem.params)


def test_nan_in_the_images_stops_a_comparison(small):
    spoiled = replace(small, train_x=small.train_x*nan)
    with pytest.raises(FloatingPointError, match='nan.*NaN'): compare_tiers(spoiled, epochs=1)


# Numbers

@pytest.mark.parametrize('lr', [0, -1., nan, inf, -inf])
@pytest.mark.parametrize('use', [
    lambda lr, p: descend(p, lr=lr),
    lambda lr, p: descent.fit_quadratic(p.x[:, 0], p.x[:, 1], leaf(3), lr, 1),
    lambda lr, p: train(p, lr=lr),
    lambda lr, p: manual.train_model(p.model, lr, p.params, p.dl, p.dl, 1),
    lambda lr, p: modules.BasicOptim(p.params, lr),
    lambda lr, p: get_learner(SimpleNamespace(train=p.dl), modules.linear_model(2), lr)],
    ids=['gradient_descent', 'fit_quadratic', 'train_epoch', 'train_model', 'BasicOptim', 'get_learner'])
def test_learning_rate_that_leads_nowhere_is_refused(problem, use, lr):
    with pytest.raises(ValueError, match=f'lr is {lr}.*positive'): use(lr, problem)


@pytest.mark.parametrize('lr', [0, -1., nan, inf])
def test_comparison_refuses_a_learning_rate_that_leads_nowhere(small, lr):
    with pytest.raises(ValueError, match=f'lr is {lr}.*positive'): compare_tiers(small, lr=lr)


def test_unknown_arch_is_refused(small):
    with pytest.raises(ValueError, match="'resnet'.*linear.*simple_net"): compare_tiers(small, arch='resnet')


@pytest.mark.parametrize('epochs', [0, -1, 1., '5'])
def test_epochs_that_are_no_whole_number_from_1_are_refused(small, epochs):
    with pytest.raises(ValueError, match=f'epochs is {epochs}.*1 or more'): compare_tiers(small, epochs=epochs)


# Digits

@pytest.mark.parametrize('classes, cause', [
    ((3, 10), '10 is not a digit.*0 to 9'), ((-1, 3), '-1 is not a digit.*0 to 9'), ((3, .5), '0.5 is not a digit'),
    (('3', '7'), "'3' is not a digit.*whole numbers"), ('37', "'3' is not a digit"), (None, 'None is not a digit'),
    ((3, 3), 'Digit 3 stands twice.*once'), ((3,), 'at least two'), (3, 'at least two'), ((), 'at least two')])
def test_classes_that_are_no_two_digits_are_refused(classes, cause):
    with pytest.raises(ValueError, match=cause): load_digits(classes=classes)


@pytest.mark.parametrize('valid_pct', [0, 1, -.2, 20, nan])
def test_share_of_validation_images_out_of_range_is_refused(valid_pct):
    with pytest.raises(ValueError, match=f'valid_pct is {valid_pct}.*0.2'): load_digits(valid_pct=valid_pct)


def test_unknown_source_is_refused():
    with pytest.raises(ValueError, match="'no_such_set'.*embedded.*mnist_sample.*folder"): load_digits('no_such_set')
