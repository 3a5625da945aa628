"The same seed gives the same batches, whatever else happens, and where the data is, it stays"
import copy
import pickle
import random
import sys
from itertools import islice
from threading import Event, Thread

import numpy as np
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


# Memory that is used again

@pytest.fixture
def large():
    "Forty rows, each full of its own number; a batch of eight of them is large enough for memory to be used again"
    x = torch.arange(40.)[:, None].repeat(1, 5000)
    return DigitData(x, torch.arange(40)[:, None], x[:8], torch.arange(8)[:, None], (3, 7))


def addresses(dl): return [xb.data_ptr() for xb, _ in dl]


def test_memory_is_used_again(large):
    dl = get_dls(large, 8).train
    first, second = addresses(dl), addresses(dl)
    assert len({*first, *second}) <= 3  # one that is in hand, and one that is being cut


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize('bs', [3, 12, 40])
@pytest.mark.filterwarnings('error')  # of a short batch that does not fit its memory
def test_batches_are_the_rows_of_the_order(large, dtype, bs):
    dl = TensorLoader(TensorDataset(large.train_x.to(dtype), large.train_y), bs, shuffle=True)
    for _ in range(3):
        order = dl.get_idxs().split(bs)
        for (xb, yb), rows in zip(dl, order):
            assert xb.dtype == dtype and torch.equal(xb, dl.dataset.tensors[0][rows])
            assert torch.equal(yb.flatten(), rows) and xb.is_contiguous() and xb._base is None and xb.grad_fn is None


def in_a_graph(xb):
    "A loss that needs the batch for a gradient, which is asked for later"
    w = torch.ones(5000, requires_grad=True)
    loss = (xb@w).square().sum()
    return lambda: torch.autograd.grad(loss, w)[0]


def in_a_cycle(xb):
    "A graph of objects that nobody reaches any more, before they are collected, and a view"
    cycle = dict(xb=xb)
    cycle['self'], view = cycle, xb[1:]
    return lambda: view


def in_a_thread(xb):
    "Another thread, which goes on as long as it is not asked"
    asked, found = Event(), []
    def wait(mine):
        asked.wait()
        found.append(mine)
    thread = Thread(target=wait, args=(xb,), daemon=True)
    thread.start()
    def ask():
        asked.set()
        thread.join()
        return found[0]
    return ask


def in_a_storage(xb):
    storage = xb.untyped_storage()
    return lambda: torch.empty(0).set_(storage)


def in_a_memoryview(xb):
    view = memoryview(xb.numpy())
    return lambda: np.asarray(view)


# Each gives a function that says later what was kept
ways_to_keep = {
    'batch': lambda xb: lambda: xb, 'thread': in_a_thread, 'graph': in_a_graph, 'cycle': in_a_cycle,
    'view': lambda xb: xb[2:].T[1:3].clone, 'flat': lambda xb: xb.view(-1).clone,
    'detached': lambda xb: xb.detach().clone,
    'data': lambda xb: xb.data.clone, 'other type': lambda xb: xb.view(torch.int32).clone,
    'parameter': lambda xb: torch.nn.Parameter(xb).detach().clone, 'DLPack': lambda xb: torch.from_dlpack(xb).clone,
    'NumPy': lambda xb: xb.numpy().copy, 'part of NumPy': lambda xb: xb.numpy()[1:, 1:].T.copy,
    'memoryview': in_a_memoryview, 'storage': in_a_storage}


@pytest.mark.parametrize('way', ways_to_keep)
def test_what_somebody_keeps_is_never_overwritten(large, way):
    dl, keep = get_dls(large, 8).train, ways_to_keep[way]
    pairs = [(keep(xb), keep(xb.clone())) for xb, _ in dl]
    for _ in range(3):
        for xb, _ in dl: xb.zero_()
    for kept, copied in pairs:
        kept, copied = map(torch.as_tensor, (kept(), copied()))
        assert torch.equal(kept, copied) and kept.any()


def test_one_batch_in_hand_does_not_stop_the_others(large):
    dl = get_dls(large, 8).train
    xb, _ = dl.one_batch()
    before = xb.clone()
    assert len({*addresses(dl), *addresses(dl)} - {xb.data_ptr()}) <= 3 and torch.equal(xb, before)


def test_epochs_side_by_side_in_one_thread(large):
    dl = get_dls(large, 8).train
    for (a, i), (b, j) in zip(dl, dl):
        assert a.data_ptr() != b.data_ptr() and torch.equal(a, b) and torch.equal(a[:, :1].long(), i)


def test_epochs_side_by_side_in_several_threads(large):
    dl, wrong = TensorLoader(TensorDataset(large.train_x, large.train_y), 8), []
    def look():
        for _ in range(40):
            for n, (xb, _) in enumerate(dl):
                if xb[:, -1].tolist() != [*range(8*n, 8*n + 8)]: wrong.append(n)
    threads = [Thread(target=look) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert not wrong


def test_a_batch_that_moves_into_shared_memory_leaves_its_own(large):
    dl = get_dls(large, 8).train
    shared = [(xb.share_memory_(), xb.clone()) for xb, _ in dl]
    addresses(dl)
    assert all(torch.equal(*pair) for pair in shared)


@pytest.mark.parametrize('again', [
    copy.copy, copy.deepcopy, lambda dl: pickle.loads(pickle.dumps(dl)), lambda dl: dl.new()])
def test_a_copy_of_a_loader_has_memory_of_its_own(large, again):
    dl = get_dls(large, 8).train
    used = {*addresses(dl)}
    kept = list(dl)[:2]
    other = again(dl)
    before = [xb.clone() for xb, _ in kept]
    assert not used & {*addresses(other)} and len({*addresses(other)}) <= 3
    assert all(torch.equal(xb, b) for (xb, _), b in zip(kept, before))


@pytest.mark.parametrize('rows, bs, places', [(40, 6, 3), (400, 300, 0), (40, 40, 1)])
def test_only_large_batches_are_worth_it(large, rows, bs, places):
    "From 128 kB to 16 MB; a full batch is one place, and what is larger stays with nobody"
    x = large.train_x.repeat(10, 1)[:rows] if rows == 40 else torch.rand(rows, 20_000)
    dl = TensorLoader(TensorDataset(x), bs)
    for _ in range(2):
        for _ in dl: pass
    assert sum(map(len, dl.places.values())) <= places


def test_inference_mode_leaves_memory_that_training_can_use(large):
    dl = get_dls(large, 8).train
    with torch.inference_mode(): assert all(xb.is_inference() for xb, _ in dl)
    w = torch.ones(5000, requires_grad=True)
    for xb, _ in dl: (xb@w).square().sum().backward()
    assert w.grad.any()


def test_tensors_with_gradients_and_subclasses_stay_what_they_are(large):
    class Images(torch.Tensor): pass
    x = large.train_x.clone().requires_grad_()
    for xb, in TensorLoader(TensorDataset(x), 8): assert xb.grad_fn is not None
    images = TensorLoader(TensorDataset(large.train_x.as_subclass(Images)), 8)
    for xb, in images: assert type(xb) is Images
    assert not any(images.places.values())
