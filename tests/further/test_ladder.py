"The ladder: every rung does what tier 1 does, who cheats gets no time, and the command that climbs it"
import json
import re
import shutil
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import REPO
from torch.utils.data import DataLoader

from fastsgd import ladder, modules, show
from fastsgd.cli import bench_main
from fastsgd.guards import BadValue
from fastsgd.ladder import Job, Proof, Rung, prove, rungs
from fastsgd.manual import mnist_loss


@pytest.fixture(scope='session')
def in64(small): return small.to(torch.float64)


@pytest.fixture
def job(in64): return Job(in64, bs=64)


@pytest.fixture
def command(capsys):
    "Run fastsgd_bench in this process"
    def run(*argv):
        with pytest.raises(SystemExit) as leaving: bench_main([str(a) for a in argv])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


# Every rung does what tier 1 does

def climbable(name):
    "A rung, if it can be climbed here"
    if why := rungs[name].absent(): pytest.skip(why)
    return rungs[name]


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('name', [n for n in rungs if rungs[n].needs != 'c++'])
def test_a_rung_makes_the_weights_of_tier_1(in64, name):
    for arch in 'linear', 'simple_net':
        proof = prove(climbable(name), Job(in64, arch, 64))
        assert proof.holds and proof.bound == 1e-12, (arch, proof)


@pytest.mark.parametrize('arch', ['sigmoid_net', 'deep_net'])
@pytest.mark.parametrize('name', ['gradient by hand', 'NumPy by hand', 'JAX, an epoch at a time'])
def test_gradients_that_are_not_pytorchs_fit_every_architecture(in64, name, arch):
    assert prove(climbable(name), Job(in64, arch, 64)).holds


def test_a_step_by_hand_can_be_compiled(job, monkeypatch):
    "As far as its graph: the compiler itself takes too long for a test"
    monkeypatch.setattr(torch, 'compile', partial(torch.compile, backend='eager'))
    assert prove(rungs['gradient by hand, compiled'], job).holds


@pytest.mark.parametrize('make_dl', [ladder.torch_loader, ladder.torch_loader_whole, ladder.fastai_loader,
                                     ladder.book_loader])
def test_loaders_give_our_batches_epoch_after_epoch(small, make_dl):
    job = Job(small, bs=64)
    ours, theirs = job.dl(), make_dl(job)
    for _ in range(2):
        for (xa, ya), (xb, yb) in zip(ours, theirs, strict=True): assert torch.equal(xa, xb) and torch.equal(ya, yb)


def test_batches_cut_beforehand_are_our_first_ones(small):
    for (xa, _), (xb, _) in zip(Job(small).dl(), ladder.cut_beforehand(Job(small)), strict=True):
        assert torch.equal(xa, xb)


# Who cheats gets no time

def trains(job, dl, loss_func=mnist_loss, lr=None):
    "A rung that may do something else"
    model = job.module()
    opt = torch.optim.SGD(model.parameters(), lr=lr or job.lr)
    return lambda: modules.train_epoch(model, opt, dl, loss_func), model


def drops_a_batch(job): return trains(job, DataLoader(job.dataset(), job.bs, sampler=job.order(), drop_last=True))
def skips_a_batch(job): return trains(job, [batch for i, batch in enumerate(job.dl()) if i != 1])
def halves_the_loss(job): return trains(job, job.dl(), lambda preds, yb: mnist_loss(preds, yb)/2)
def steps_further(job): return trains(job, job.dl(), lr=2*job.lr)
def shuffles(job): return trains(job, list(job.dl())[::-1])


def by_numpy(job):
    "One that cannot be watched, and does too little"
    epoch, params = rungs['NumPy by hand'].make(job)
    def less():
        epoch()
        params[0] *= .99
    return less, params


def breaks(job):
    epoch, params = rungs['gradient by hand'].make(job)
    return lambda: params[0].fill_(torch.nan), params


@pytest.mark.parametrize('make, words', [
    (drops_a_batch, 'took 3 steps, tier 1 4'), (skips_a_batch, 'Batch 2 of tier 1 is left out'),
    (halves_the_loss, r'loss of the same batch.*0\.5 times'), (steps_further, 'step of the rung is 2 times as large'),
    (shuffles, 'The rows come in another order'), (by_numpy, 'weights differ by [0-9.]+$'), (breaks, 'weights differ')])
def test_a_cheat_is_found_and_the_cause_named(job, make, words):
    proof = prove(Rung(make), job)
    assert not proof.holds and re.search(words, str(proof).removesuffix('.')), str(proof)


def test_a_cheat_has_no_time_in_the_table(small):
    among = {'honest': rungs['tier 2, BasicOptim'], 'drops': Rung(drops_a_batch), 'halves': Rung(halves_the_loss)}
    climbed = ladder.ladder(small, rows=200, bs=64, rounds=1, among=among)
    assert {*climbed.seconds} == {*climbed.table().index} == {'tier 1', 'honest'} and climbed.proofs['honest'] == [0, 0]
    assert {*climbed.left_out} == {'drops', 'halves'} and 'took 3 steps' in climbed.left_out['drops']
    assert all(f'{n}: Another computation' in repr(climbed) for n in ('drops', 'halves'))


def test_who_cheats_in_float32_alone_has_no_time_either(small):
    def make(job): return drops_a_batch(job) if job.dtype == torch.float32 else trains(job, job.dl())
    assert 'cheat' in ladder.ladder(small, rows=200, bs=64, rounds=1, among=dict(cheat=Rung(make))).left_out


def test_proofs_that_hold():
    assert Proof(1e-13, 1e-12).holds and not Proof(2e-12, 1e-12).holds and not Proof(np.nan, 1e-12).holds


# Climbing

def test_what_is_timed_is_what_was_proven(small):
    made, epochs = [], []
    def make(job):
        epoch, held = rungs['tier 1'].make(job)
        made.append(job.dtype)
        def counted():
            epochs.append(job.dtype)
            epoch()
        return counted, held
    climbed = ladder.ladder(small, rows=100, rounds=2, among=dict(counted=Rung(make)))
    assert made == [torch.float64, torch.float32] and [len(s) for s in climbed.seconds.values()] == [2, 2]
    assert epochs == [torch.float64] + [torch.float32]*4  # the last proof, a round that does not count, and two


def test_what_is_not_there_is_left_out_and_named(small, monkeypatch):
    monkeypatch.setattr(shutil, 'which', lambda name: None)
    among = {'new': Rung(None, needs='no_such_package'), 'compiled': rungs['gradient by hand, compiled']}
    left_out = ladder.ladder(small, rows=100, rounds=1, among=among).left_out
    assert left_out['new'] == 'no_such_package is not installed: pip install fastsgd[ladder].'
    assert left_out['compiled'] == 'There is no C++ compiler here.'
    assert 'processor alone' in rungs['NumPy by hand'].absent('cuda') and not rungs['tier 1'].absent('cuda')


def test_a_library_that_fails_is_left_out_but_our_faults_are_not(small):
    def fails(job): raise OSError('no such thing\nand more')
    def climb(needs): return ladder.ladder(small, rows=100, rounds=1, among=dict(new=Rung(fails, needs=needs)))
    assert climb('json').left_out['new'] == 'It failed here with OSError: no such thing'
    with pytest.raises(OSError): climb('')


class Bar:
    "Stands in for tqdm"
    made = []
    def __init__(self, items, desc, total, leave, **more):
        self.total, self.n, self.texts = total, 0, []
        Bar.made.append(self)
    def __enter__(self): return self
    def __exit__(self, *error): pass
    def update(self, n=1): self.n += n
    def set_description_str(self, text): self.texts.append(text)


@pytest.mark.parametrize('threads', [1, 2])
def test_one_bar_comes_to_its_end_and_threads_are_put_back(small, monkeypatch, threads):
    wanted = []
    monkeypatch.setattr(torch, 'get_num_threads', lambda: threads)
    monkeypatch.setattr(torch, 'set_num_threads', wanted.append)
    monkeypatch.setattr(Bar, 'made', [])
    monkeypatch.setattr(show, 'tqdm', Bar)
    among = {'gradient by hand': rungs['gradient by hand']}
    climbed = ladder.ladder(small, rows=100, rounds=2, progress=True, among=among)
    bar, = Bar.made
    assert bar.n == pytest.approx(bar.total)
    assert bar.texts == ['proof 1 of 2: tier 1', 'proof 2 of 2: gradient by hand', '2 rungs in turns']
    assert [*climbed.threads] == (['gradient by hand', 'tier 1'] if threads > 1 else [])
    assert wanted == ([1, 2]*2*3 + [2] if threads > 1 else [])


@pytest.mark.parametrize('wrong, words', [
    (dict(arch='deep'), 'arch is .deep.'), (dict(bs=0), 'bs is 0'), (dict(device='cuda:99'), 'Cannot compute'),
    (dict(rows=10**12), '1,000,000,000,000 rows take'), (dict(rounds=0), 'at least one')])
def test_climbs_that_make_no_sense(small, wrong, words):
    with pytest.raises(BadValue, match=words): ladder.ladder(small, **wrong, among={})


def test_the_ladder_is_about_two_digits(ten):
    with pytest.raises(BadValue, match='two digits, and there are 10'): ladder.ladder(ten)


def test_a_ladder_comes_back_from_json_and_is_drawn(small):
    climbed = ladder.ladder(small, rows=100, rounds=3, among={'NumPy by hand': rungs['NumPy by hand']})
    again = ladder.Ladder(**json.loads(json.dumps(climbed.to_dict(), allow_nan=False)))
    assert repr(again) == repr(climbed) and again.job == 'linear, 100 rows in batches of 256, 3 rounds'
    names = [t.get_text() for t in again.plot().axes[0].get_yticklabels()]
    assert names == [*again.table().index] and again.table().ms.is_monotonic_increasing


@pytest.mark.skipif(not (REPO/'nbs').is_dir(), reason='the stored run is not here')
def test_the_stored_run_has_every_rung_and_its_proof():
    stored = json.loads((REPO/'nbs/ladder.json').read_text())
    stored.pop('settings')
    stored = ladder.Ladder(**stored)
    assert {*stored.seconds} == {*stored.proofs} == {*rungs} and {*stored.left_out} == {*ladder.other_computations}
    assert all(exact <= 1e-12 and single <= 1e-4 for exact, single in stored.proofs.values())


# The command

def test_the_command_climbs(command, small, monkeypatch, tmp_path):
    monkeypatch.setattr('fastsgd.data.load_digits', lambda source: small)
    few = {n: rungs[n] for n in ('tier 1', 'Learner')} | dict(cheat=Rung(drops_a_batch))
    monkeypatch.setattr(ladder, 'rungs', few)
    run = command('--ladder', '--arch', 'simple_net', '--rows', 200, '--bs', 64, '--rounds', 1,
                  '--json', tmp_path/'ladder.json')
    assert run.status == 0 and run.err == ''
    lines = run.out.splitlines()
    assert lines[0].startswith('DigitData') and lines[1].startswith('CPU, ')
    assert lines[2] == 'simple_net, 200 rows in batches of 64, 1 rounds' and lines[-1].startswith('scikit-learn')
    assert lines[-2].startswith('cheat: Another computation')
    kept = json.loads((tmp_path/'ladder.json').read_text())
    assert kept['settings']['arch'] == 'simple_net' and {*kept['seconds']} == {'tier 1', 'Learner'}


@pytest.mark.parametrize('argv, words', [
    (['--ladder', '--rows', '5,6'], 'one number of rows'), (['--bs', '5'], 'add --ladder'),
    (['--arch', 'linear'], 'add --ladder'), (['--ladder', '--arch', 'deep'], 'invalid choice'),
    (['--ladder', '--bs', '0'], "'0' is no whole number"), (['--ladder', '--device', 'cuda:99'], 'Cannot compute')])
def test_wrong_requests_are_answered_in_a_sentence(command, argv, words):
    run = command(*argv)
    assert run.status == 2 and words in run.err and run.err.count('\n') == 1
