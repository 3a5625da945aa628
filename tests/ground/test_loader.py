"The same seed gives the same batches, whatever else happens, and where the data is, it stays"
import random
import sys
from itertools import islice

import pytest
import fastai.callback.progress  # gives Learner its no_bar
import torch
from torch.utils.data import TensorDataset

from fastsgd import modules
from fastsgd.data import DigitData, TensorLoader, get_dls
from fastsgd.learner import get_learner


@pytest.fixture
def numbered():
    "Ten rows for training and seven for validation, each a row of its own number"
    def part(n): return torch.arange(float(n))[:, None].repeat(1, 2), torch.arange(n)[:, None] % 2
    return DigitData(*part(10), *part(7), (3, 7))


def rows(dl): return [xb[:, 0].int().tolist() for xb, _ in dl]


def test_each_epoch_holds_each_row_once_with_its_label(numbered):
    dl = get_dls(numbered, 4).train
    x, y = map(torch.cat, zip(*dl))
    assert [len(xb) for xb, _ in dl] == [4, 4, 2] and len(dl) == 3
    assert sorted(x[:, 0].tolist()) == list(range(10)) and torch.equal(x[:, :1].long() % 2, y)


def test_same_seed_gives_the_same_batches_epoch_after_epoch(numbered):
    a, b = (get_dls(numbered, 4, seed=1).train for _ in range(2))
    epochs = [rows(a) for _ in range(3)]
    assert epochs == [rows(b) for _ in range(3)]
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]


def test_another_seed_gives_another_order(numbered):
    assert rows(get_dls(numbered, seed=1).train) != rows(get_dls(numbered, seed=2).train)


@pytest.mark.parametrize('peek', [
    lambda dl: dl.one_batch(), lambda dl: next(iter(dl)), lambda dl: dl.get_idxs(), lambda dl: list(islice(dl, 2)), len,
    lambda dl: dl.new(shuffle=False).one_batch(), lambda dl: rows(dl.new())],
    ids=['one_batch', 'next', 'get_idxs', 'broken-off', 'len', 'new', 'epoch-of-new'])
def test_peeking_changes_nothing(numbered, peek):
    quiet, peeked = (get_dls(numbered, 4).train for _ in range(2))
    for _ in range(3):
        peek(peeked)
        assert rows(peeked) == rows(quiet)


def test_peeking_shows_the_epoch_that_comes_next(numbered):
    dl = get_dls(numbered, 4).train
    shown = dl.one_batch()[0][:, 0].int().tolist()
    assert rows(dl)[0] == shown


@pytest.mark.parametrize('seed', [torch.manual_seed, random.seed])
def test_global_seeds_have_no_effect(numbered, seed):
    orders = []
    for s in 0, 1:
        seed(s)
        dl = get_dls(numbered, 4).train
        seed(s + 10)
        orders.append([rows(dl), rows(dl)])
    assert orders[0] == orders[1]


def test_loader_leaves_torch_random_alone(numbered):
    before = torch.get_rng_state()
    rows(get_dls(numbered, 4).train)
    assert torch.equal(before, torch.get_rng_state())


def test_drop_last_leaves_out_the_short_batch(numbered):
    dl = TensorLoader(TensorDataset(numbered.train_x, numbered.train_y), 4, drop_last=True)
    assert rows(dl) == [[0, 1, 2, 3], [4, 5, 6, 7]] and len(dl) == 2


def test_new_can_stop_shuffling_and_keeps_the_rest(numbered):
    dl = get_dls(numbered, 4, seed=5).train
    assert rows(dl.new(shuffle=False)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert rows(dl.new(shuffle=False, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert rows(dl.new()) == rows(get_dls(numbered, 4, seed=5).train)


def test_validation_rows_come_as_they_stand(numbered):
    dl = get_dls(numbered, 4).valid
    assert rows(dl) == rows(dl) == [[0, 1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize('which', [{'ds_idx': 0}, {'ds_idx': 1}, {'dl': 'train'}], ids=str)
def test_predictions_come_in_the_order_of_the_data(numbered, which):
    dls = get_dls(numbered, 4)
    model = modules.linear_model(2)
    with torch.no_grad(): model.weight.copy_(torch.tensor([[1., 0.]])), model.bias.zero_()
    learn = get_learner(dls, model, 1.)
    with learn.no_bar(): preds, targets = learn.get_preds(**({'dl': dls.train} if 'dl' in which else which))
    n = 7 if which == {'ds_idx': 1} else 10
    assert preds.flatten().tolist() == list(range(n)) and targets.flatten().tolist() == [i % 2 for i in range(n)]


def test_training_stays_on_the_cpu_where_fastai_would_pick_a_gpu(numbered, monkeypatch):
    of_fastai = [m for name, m in list(sys.modules.items()) if name.startswith('fastai.')]
    patched = [m for m in of_fastai if hasattr(m, 'default_device')]
    for m in patched: monkeypatch.setattr(m, 'default_device', lambda *args: torch.device('meta'))
    assert patched
    dls = get_dls(numbered, 4)
    learn = get_learner(dls, modules.linear_model(2), 1.)
    before = learn.model.weight.detach().clone()
    with learn.no_bar(), learn.no_logging(): learn.fit(1)
    tensors = [*dls.one_batch(), *dls.valid.one_batch(), *learn.model.parameters(), *learn.get_preds()]
    assert dls.device.type == 'cpu' and {t.device.type for t in tensors} == {'cpu'}
    assert not torch.equal(learn.model.weight, before)
