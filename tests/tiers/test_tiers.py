"Our loops against PyTorch's own layer, loss and optimizer, in float64"
from functools import partial

import pytest
import torch
from torch import nn

from fastsgd import manual, modules
from fastsgd.descent import fit_quadratic, gradient_descent, mse, quadratic
from fastsgd.manual import batch_accuracy, linear1, mnist_loss


def made(seed, n, n_in):
    "A data set, and a linear model twice: as tensors, and as `nn.Linear` with an optimizer of PyTorch's"
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, n_in, dtype=torch.float64, generator=g)
    y = torch.randint(0, 2, (n, 1), generator=g)
    weights = torch.randn(n_in, 1, dtype=torch.float64, generator=g).requires_grad_()
    bias = torch.randn(1, dtype=torch.float64, generator=g).requires_grad_()
    oracle = nn.Linear(n_in, 1).double()
    with torch.no_grad():
        oracle.weight.copy_(weights.T)
        oracle.bias.copy_(bias)
    return x, y, [weights, bias], oracle, torch.optim.SGD(oracle.parameters(), lr=.5)


def batches(x, y, bs): return list(zip(x.split(bs), y.split(bs)))


def judge_loss(preds, y): return (preds.sigmoid() - y).abs().mean()  # what mnist_loss says, in other words


def train_oracle(oracle, opt, dl, epochs, loss_func=judge_loss):
    for _ in range(epochs):
        for xb, yb in dl:
            opt.zero_grad()
            loss_func(oracle(xb), yb).backward()
            opt.step()


def assert_close(params, oracle):
    for p, q in zip(params, (oracle.weight.T, oracle.bias)): torch.testing.assert_close(p, q, rtol=0, atol=1e-12)


@pytest.mark.parametrize('n, bs', [(64, 16), (50, 16), (17, 16), (5, 16), (7, 1)])
@pytest.mark.parametrize('seed, n_in', [(0, 1), (1, 3), (2, 20)])
def test_manual_training_is_pytorchs(seed, n_in, n, bs):
    x, y, params, oracle, opt = made(seed, n, n_in)
    dl = batches(x, y, bs)
    for _ in range(3): manual.train_epoch(partial(linear1, weights=params[0], bias=params[1]), .5, params, dl)
    train_oracle(oracle, opt, dl, 3)
    assert_close(params, oracle)


@pytest.mark.parametrize('make', [modules.BasicOptim, torch.optim.SGD])
def test_module_training_is_pytorchs(make):
    x, y, _, oracle, opt = made(3, 50, 4)
    model = modules.linear_model(4).double()
    model.load_state_dict(oracle.state_dict())
    dl = batches(x, y, 16)
    modules.train_model(model, make(model.parameters(), .5), dl, dl, 3)
    train_oracle(oracle, opt, dl, 3)
    assert_close([model.weight.T, model.bias], oracle)


@pytest.mark.parametrize('loss_func, judge', [(mnist_loss, judge_loss), (mse, nn.functional.mse_loss)])
def test_gradient_descent_is_pytorchs_with_one_batch(loss_func, judge):
    x, y, params, oracle, opt = made(4, 40, 3)
    y = y.double()
    losses = gradient_descent(partial(linear1, weights=params[0], bias=params[1]), .5, params, x, y, 5, loss_func)
    assert losses[0] == pytest.approx(judge(oracle(x), y).item(), rel=1e-12)
    train_oracle(oracle, opt, [(x, y)], 5, judge)
    assert_close(params, oracle)
    assert len(losses) == 5


def test_fitted_parabola_nears_the_exact_answer():
    t = torch.linspace(-1, 1, 20, dtype=torch.float64)
    exact = torch.tensor([2., -1., .5], dtype=torch.float64)
    params = torch.zeros(3, dtype=torch.float64).requires_grad_()
    path = fit_quadratic(t, quadratic(t, exact), params, .5, 1000)
    assert path.shape == (1001, 3) and not path[0].any() and torch.equal(path[-1], params)
    torch.testing.assert_close(path[-1], exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize('bs', [1, 3, 7, 100])
def test_validation_weighs_batches_by_their_size(bs):
    preds = torch.tensor([1.]*9 + [-1.])[:, None]  # wrong in the last row, so in the shortest batch
    y = torch.ones(10, 1)
    for tier in manual, modules: assert tier.validate_epoch(nn.Identity(), batches(preds, y, bs)) == pytest.approx(.9)


def test_accuracy_of_ten_classes_counts_the_largest_output():
    preds = torch.eye(10)[[3, 1, 4, 1]]
    assert batch_accuracy(preds, torch.tensor([3, 1, 4, 5])) == .75


def test_training_returns_the_accuracy_after_each_epoch():
    x, y, params, _, _ = made(5, 50, 4)
    model, dl = partial(linear1, weights=params[0], bias=params[1]), batches(x, y, 16)
    accuracies = manual.train_model(model, .5, params, dl, dl, 3)
    assert len(accuracies) == 3 and accuracies[-1] == manual.validate_epoch(model, dl)


def test_modules_train_in_training_mode_and_validate_in_evaluation_mode():
    class Spy(nn.Linear):
        def forward(self, x):
            modes.append(self.training)
            return super().forward(x)
    x, y, *_ = made(6, 4, 2)
    modes, model, dl = [], Spy(2, 1).double(), [(x, y)]
    modules.train_model(model, modules.BasicOptim(model.parameters(), .5), dl, dl, 2)
    assert modes == [True, False]*2
