"Several processes make the weights of one, a worker that dies is named, and a continued run ends alike"
import hashlib
import json
import os
import re
import signal
import socket
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from subprocess import PIPE, Popen
from types import SimpleNamespace

import forks
import pytest
import torch
import torch.distributed as dist
from helpers import end, fork
from fastai.optimizer import SGD
from torch.utils.data import TensorDataset

from fastsgd import scale
from fastsgd.data import get_dls, load_digits
from fastsgd.parity import assert_same_training, first_divergence
from fastsgd.scale import (
    Checkpoint, UnionLoader, break_even_rows, main, ring_bytes, spread, spread_learner, train_alone)

# classes, images to train on, architecture, type, rows in a step, epochs, learning rate, bound
three_seven = ((3, 7), 800, 'linear')
cases = {
    'linear': (*three_seven, 'float32', 64, 1, 1., 1e-6),
    'linear, float64': (*three_seven, 'float64', 64, 3, 1., 1e-12),
    'simple_net': ((3, 7), 800, 'simple_net', 'float32', 64, 1, .5, 1e-6),
    'simple_net, float64': ((3, 7), 800, 'simple_net', 'float64', 64, 3, .5, 1e-12),
    'ten digits': (range(10), 400, 'simple_net', 'float64', 32, 2, .1, 1e-12),
    'an odd number of rows': ((3, 7), 101, 'linear', 'float64', 32, 2, 1., 1e-12),
    'steps of two rows': ((3, 7), 20, 'linear', 'float64', 2, 2, 1., 1e-12),
    'one step': ((3, 7), 100, 'linear', 'float64', 1000, 2, 1., 1e-12),
    'three epochs': (*three_seven, 'float32', 64, 3, 1., 1e-6)}

here = Path(__file__).parent
in_each_process = '''
import os, sys, torch
sys.path[:0] = sys.argv[2:]
from test_scale import cases, digits
from fastsgd.scale import *
from fastsgd.scale import _Watch
runs = {}
for name, case in cases.items():
    classes, n, arch, dtype, bs, epochs, lr, _ = case
    learn, steps = spread_learner(digits(case), arch, lr, bs), StepRecorder(arch)
    with spread(learn, cpu=True), learn.no_bar(), learn.no_logging(): learn.fit(epochs, cbs=steps)
    runs[name] = steps.recorded(name)
if not int(os.environ['RANK']): torch.save(runs, sys.argv[1])

learn, keep = spread_learner(digits(case)), Checkpoint('stopped.pt')
watch = _Watch(keep, ['--bs', '64'])
with spread(learn, cpu=True), learn.no_bar(), learn.no_logging(): learn.fit(3000, cbs=[keep, watch])
'''


def digits(case):
    "The digits that a case asks for"
    classes, n, _, dtype, *_ = case
    data = load_digits(classes=classes).to(getattr(torch, dtype))
    return replace(data, train_x=data.train_x[:n], train_y=data.train_y[:n],
                   valid_x=data.valid_x[:100], valid_y=data.valid_y[:100])


def torchrun(n, what, folder, **env):
    "Start `n` processes"
    argv = [sys.executable, '-m', 'torch.distributed.run', '--standalone', f'--nproc_per_node={n}', *what.split()]
    env = {**os.environ, 'OMP_NUM_THREADS': '1', **env}
    return Popen(argv, cwd=folder, env=env, stdout=PIPE, stderr=PIPE, text=True)


launch = '''
import os, runpy, sys
import fastai.distributed  # once, so that its forks need not
from fastsgd import scale
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

n, folder, program, *sys.argv[1:] = sys.argv[1:]
os.chdir(folder)
def work(): scale.main() if program == 'fastsgd.scale' else runpy.run_path(program, run_name='__main__')
alone = dict(min_nodes=1, max_nodes=1, max_restarts=0, rdzv_backend='c10d', rdzv_endpoint='localhost:0')
elastic_launch(LaunchConfig(**alone, nproc_per_node=int(n), start_method='fork'), work)()
'''


def torchrun_forks(n, what, folder):
    "The same, where the one who starts them and all of them are forks, which need not import"
    return fork(launch, n, folder, *what.removeprefix('-m ').split()) if forks.possible else torchrun(n, what, folder)


def workers(process):
    "The processes that torchrun started, by rank"
    import psutil
    return sorted(psutil.Process(process.pid).children(), key=lambda worker: worker.create_time())


def once_it_trains(process, checkpoint, then):
    "When the first epoch is kept, do `then` with the workers; what was left behind, and their process numbers"
    import psutil
    until = time.monotonic() + 90
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < until: time.sleep(.02)
    there = workers(process)
    then(there)
    left = end(process)
    left.alive = [w.pid for w in there if psutil.pid_exists(w.pid) and w.status() != psutil.STATUS_ZOMBIE]
    return left


def sentences(left): return [line for line in left.err.splitlines() if line.startswith('fastsgd.scale:')]


@pytest.fixture(scope='module')
def ends(own_cache, tmp_path_factory):
    "How the real runs of this file ended, two or three of them side by side"
    pytest.importorskip('accelerate')
    folder = tmp_path_factory.mktemp('scale')
    load_digits()  # once, not in each process
    abort_on_shutdown = tmp_path_factory.mktemp('site')  # as gloo's threads do where they are late
    (abort_on_shutdown/'sitecustomize.py').write_text(
        "import atexit, os\nif 'RANK' in os.environ: atexit.register(os.abort)\n")
    (folder/'train.py').write_text(in_each_process)
    command = '-m fastsgd.scale --cpu --epochs 3 --checkpoint broken.pt'
    forever = '-m fastsgd.scale --cpu --epochs 3000 --checkpoint'
    ends, started = SimpleNamespace(folder=folder), []
    def go(n, what, torchrun=torchrun_forks, **env):
        started.append(torchrun(n, what, folder, **env))
        return started[-1]
    try:
        broken, several = go(2, f'{command} --kill 1@20'), go(2, f'train.py {folder}/runs.pt {here} {here.parent}')
        ends.broken = end(broken)
        ends.kept = torch.load(folder/'broken.pt')
        path = f'{abort_on_shutdown}{os.pathsep}{os.environ.get("PYTHONPATH", "")}'
        continued = go(2, f'{command} --json continued.json', torchrun, PYTHONPATH=path)  # as users start them
        ends.stopped = once_it_trains(several, folder/'stopped.pt', lambda workers: several.terminate())
        killed = go(3, f'{forever} killed.pt --bs 66')
        ends.killed = once_it_trains(killed, folder/'killed.pt', lambda workers: workers[0].kill())
        ends.continued = end(continued)
        yield ends
    finally:
        for process in started:
            if process.poll() is None:  # something went wrong above
                for p in [*workers(process), process]: p.kill()


# Several processes make the weights of one

@pytest.fixture(scope='module')
def runs(ends):
    assert (ends.folder/'runs.pt').exists(), ends.stopped.err
    return torch.load(ends.folder/'runs.pt', weights_only=False)


@pytest.mark.parametrize('name', cases)
def test_two_processes_make_the_weights_of_one(runs, name):
    _, n, arch, dtype, bs, epochs, lr, bound = case = cases[name]
    alone = train_alone(digits(case), arch, epochs, lr, bs)
    assert_same_training(alone, runs[name], bound)
    assert alone.n_steps == runs[name].n_steps == epochs*-(-n//bs) and alone.epoch_len == runs[name].epoch_len
    assert {p.dtype for p in runs[name].params[-1].values()} == {getattr(torch, dtype)}
    assert runs[name].losses == pytest.approx(alone.losses, abs=1e-5)
    if len(digits(case).valid_x) % 2 == 0: assert runs[name].accuracy == pytest.approx(alone.accuracy, abs=1e-6)


def test_other_rows_in_a_step_make_other_weights(runs):
    _, n, arch, dtype, bs, epochs, lr, bound = case = cases['linear']
    assert first_divergence(train_alone(digits(case), arch, epochs, lr, bs, n_procs=1), runs['linear'], bound).step == 1


def test_each_epoch_has_an_order_of_its_own(small, monkeypatch):
    pytest.importorskip('accelerate')
    from fastai.distributed import DistributedDL
    monkeypatch.setattr(DistributedDL, '_broadcast', lambda self, t, rank: [int(i) for i in t])
    dl = DistributedDL(get_dls(small).train, 0, 2)
    first, second = (torch.cat([xb for xb, _ in dl]) for _ in range(2))
    assert len(first) == 100 and not torch.equal(first, second)


@pytest.mark.skipif(torch.cuda.is_available(), reason='this machine has a GPU')
def test_fastai_still_needs_our_mend_on_cpus():
    pytest.importorskip('accelerate')
    from fastai.distributed import DistributedDL
    dl = DistributedDL(scale.TensorLoader(TensorDataset(torch.arange(4))), 0, 2)
    # no longer? then delete `_broadcast` in 32_scale
    with pytest.raises((AssertionError, RuntimeError)): dl._broadcast([0, 1], 0)


# A worker dies

def test_an_error_of_gloo_is_known_when_it_comes():
    "gloo has no class of its own for it, so its words have to be known, whatever the version of PyTorch"
    code = '''
import sys, torch, torch.distributed as dist
from datetime import timedelta
rank, port = map(int, sys.argv[1:])
address, patience = f'tcp://127.0.0.1:{port}', timedelta(seconds=30)
dist.init_process_group('gloo', init_method=address, rank=rank, world_size=2, timeout=patience)
dist.all_reduce(torch.ones(4))
print('ready', flush=True)
input()
from fastsgd.scale import _lost_touch
try: dist.all_reduce(torch.ones(4))
except Exception as e: print(_lost_touch(e), e)
import os
sys.stdout.flush()
os._exit(0)
'''
    with socket.create_server(('127.0.0.1', 0)) as free: port = free.getsockname()[1]
    stays, goes = (fork(code, rank, port) for rank in (0, 1))
    for p in stays, goes: assert p.stdout.readline() == 'ready\n'
    goes.kill()
    end(goes)
    stays.stdin.write('\n')
    assert end(stays).out.startswith('True ')


@pytest.mark.parametrize('e, lost', [
    (RuntimeError('shape mismatch'), False), (RuntimeError('gloomy weather'), False),
    (dist.DistNetworkError('gone'), True), (dist.DistBackendError('gone'), True)])
def test_other_errors_are_not_taken_for_it(e, lost): assert scale._lost_touch(e) == lost


def test_a_dead_worker_is_named_with_what_is_lost_and_how_to_go_on(ends):
    said, = sentences(ends.broken)
    assert said == ('fastsgd.scale: rank 1 of 2 died in epoch 2: '
                    'the steps of epoch 2 are lost, go on after epoch 1 with: '
                    'torchrun --standalone --nproc_per_node 2 -m fastsgd.scale --cpu --epochs 3 --checkpoint broken.pt')
    assert ends.broken.status == 1 and ends.broken.out == '' and len(ends.kept['rows']) == 1


def test_no_traceback_of_ours(ends):
    for left in ends.broken, ends.killed, ends.stopped: assert 'fastsgd/scale.py' not in left.err and left.status != 0


def test_a_continued_run_ends_with_the_weights_of_an_unbroken_one(ends, runs):
    assert ends.continued.status == 0, ends.continued.err
    result, final = json.loads((ends.folder/'continued.json').read_text()), runs['three epochs'].params[-1].values()
    assert result['steps'] == 26 and len(result['accuracy']) == 3
    assert result['weights'] == hashlib.sha256(b''.join(p.numpy().tobytes() for p in final)).hexdigest()
    kept = torch.load(ends.folder/'broken.pt')
    assert (kept['model']['weight'].T - runs['three epochs'].params[-1]['weights']).abs().max() == 0


def test_the_first_worker_can_die_too(ends):
    said, = sentences(ends.killed)
    epoch = int(re.search(r'rank 0 of 3 died in epoch (\d+)', said)[1])
    assert epoch > 1 and f'go on after epoch {len(torch.load(ends.folder/"killed.pt")["rows"])} with: torchrun' in said


def test_a_run_that_is_stopped_blames_nobody(ends):
    said, = sentences(ends.stopped)
    assert 'the run was stopped in epoch' in said and 'rank' not in said and 'with: torchrun' in said


def test_nothing_stays_behind(ends):
    assert ends.killed.alive == ends.stopped.alive == []
    files = {'train.py', 'runs.pt', 'broken.pt', 'killed.pt', 'stopped.pt', 'continued.json'}
    aside = [f for f in os.listdir(ends.folder) if f not in files]  # a process may die while it writes
    assert all(re.fullmatch(r'(killed|stopped)\.pt\.\d+', f) for f in aside) and len(aside) <= 2


@pytest.mark.parametrize('gone, epoch, kept, expected', [
    ([1], 2, 1, 'rank 1 of 4 died in epoch 2: the steps of epoch 2 are lost, go on after epoch 1 with: do'),
    ([0, 3], 5, 2, 'rank 0 and 3 of 4 died in epoch 5: epochs 3 to 5 are lost, go on after epoch 2 with: do'),
    ([2], 1, 0, 'rank 2 of 4 died in epoch 1: the steps of epoch 1 are lost, start again with: do'),
    ([2], 3, 3, 'rank 2 of 4 died in epoch 3: nothing is lost, go on after epoch 3 with: do'),
    ([], 2, 1, 'the run was stopped in epoch 2: the steps of epoch 2 are lost, go on after epoch 1 with: do')])
def test_obituary(monkeypatch, gone, epoch, kept, expected):
    monkeypatch.setenv('WORLD_SIZE', '4')
    assert scale._obituary(gone, epoch, kept, 'do') == expected


@pytest.mark.parametrize('env, argv, expected', [
    ({}, ['--kill', '1@20', '--bs', '66'], 'torchrun --standalone --nproc_per_node 2 -m fastsgd.scale --bs 66'),
    ({}, ['--bs', '66', '--kill=1@20'], 'torchrun --standalone --nproc_per_node 2 -m fastsgd.scale --bs 66'),
    ({'ACCELERATE_MIXED_PRECISION': 'no'}, ['--checkpoint', 'a b.pt'],
     "accelerate launch --multi_gpu --num_processes 2 -m fastsgd.scale --checkpoint 'a b.pt'"),
    ({'LOCAL_WORLD_SIZE': '1'}, [], 'the same commands as before')])
def test_command_to_go_on(monkeypatch, env, argv, expected):
    for k, v in ({'WORLD_SIZE': '2', 'LOCAL_WORLD_SIZE': '2'} | env).items(): monkeypatch.setenv(k, v)
    assert scale._command(argv) == expected


# Checkpoints

def fit(data, epochs, path, **settings):
    learn, keep = spread_learner(data), Checkpoint(path, settings)
    keep.restore(learn)
    with learn.no_bar(), learn.no_logging(): learn.fit(epochs - keep.done, cbs=keep)
    return learn.model.weight.detach()


def test_continued_again_and_again(small, tmp_path):
    unbroken = fit(small, 4, tmp_path/'a.pt')
    for epochs in 1, 2, 4, 4: weight = fit(small, epochs, tmp_path/'b.pt')
    assert torch.equal(weight, unbroken)


def test_momentum_is_kept(small, tmp_path):
    def fit(epochs, path):
        learn, keep = spread_learner(small, lr=.1), Checkpoint(path)
        learn.opt_func = partial(SGD, mom=.9)
        keep.restore(learn)
        with learn.no_bar(), learn.no_logging(): learn.fit(epochs - keep.done, cbs=keep)
        return learn.model.weight.detach()
    unbroken = fit(3, tmp_path/'a.pt')
    fit(1, tmp_path/'b.pt')
    assert torch.equal(fit(3, tmp_path/'b.pt'), unbroken)


def test_a_checkpoint_is_whole_at_all_times(small, tmp_path, monkeypatch):
    fit(small, 1, path := tmp_path/'a.pt')
    before = path.read_bytes()
    def dies(state, file):
        file.write_bytes(b'half of it')
        raise OSError('no space left on device')
    monkeypatch.setattr(torch, 'save', dies)
    with pytest.raises(OSError): fit(small, 2, path)
    assert path.read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused(small, tmp_path):
    fit(small, 1, tmp_path/'a.pt', bs=64)
    with pytest.raises(ValueError, match='a.pt was kept by a run with bs 64, and this one has 32'):
        fit(small, 2, tmp_path/'a.pt', bs=32)


@pytest.mark.parametrize('content', [b'', b'nonsense', b'PK\x03\x04'])
def test_a_damaged_checkpoint_is_refused(small, tmp_path, content):
    (tmp_path/'a.pt').write_bytes(content)
    with pytest.raises(ValueError, match='a.pt is damaged: delete it'): fit(small, 1, tmp_path/'a.pt')


def test_another_file_of_pytorch_is_refused(small, tmp_path):
    torch.save({'model': {}}, tmp_path/'a.pt')
    with pytest.raises(ValueError, match='no checkpoint of such a run'): fit(small, 1, tmp_path/'a.pt')


# The script, and what surrounds it

def status(argv):
    with pytest.raises(SystemExit) as e: main(argv)
    return e.value.code


def test_one_process_works_without_a_launcher(tmp_path, capsys):
    assert status(['--prove', '--json', str(tmp_path/'r.json')]) == 0
    out, result = capsys.readouterr().out, json.loads((tmp_path/'r.json').read_text())
    assert '1 process, with all 64 rows' in out and 'after 1 epoch\n' in out
    assert result['same'] and max(result['max_diff']) == 0


def test_weights_that_are_not_the_same_give_status_1(monkeypatch, capsys):
    right = scale.train_alone
    def faster(data, arch, epochs, lr, bs, seed, n): return right(data, arch, epochs, 1.01*lr, bs, seed, n)
    monkeypatch.setattr(scale, 'train_alone', faster)
    assert status(['--prove']) == 1
    assert 'Not the same: the run of 1 process parts from one process at step 1' in capsys.readouterr().out


@pytest.mark.parametrize('options, complaint', [
    ('--epochs 0', "'0' is no whole number from 1"), ('--lr nan', "'nan' is no learning rate"),
    ('--bs x', "'x' is no whole number"), ('--kill 3', 'write them like 1@20'),
    ('--classes 3,x', 'no list of digits'), ('--classes 3,12', '12 is not a digit'),
    ('--checkpoint /nowhere/a.pt', 'cannot write'), ('--arch resnet', 'invalid choice'),
    ('--source nowhere', 'Unknown source')])
def test_bad_requests_are_answered_in_one_line(capfd, options, complaint):
    assert status(options.split()) == 2
    out, err = capfd.readouterr()
    assert out == '' and err.startswith('fastsgd.scale: ') and err.count('\n') == 1 and complaint in err


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch, capfd):
    def fails(*args): raise ValueError('nobody meant this')
    monkeypatch.setattr(scale, 'train_alone', fails)
    assert status(['--prove']) == 3
    err = capfd.readouterr().err
    assert 'Traceback' in err and 'ValueError: nobody meant this' in err
    assert err.splitlines()[-1].startswith('fastsgd.scale: this is a fault of fastsgd')


def test_a_run_that_is_over_says_that_nothing_was_trained(tmp_path, capsys):
    argv = ['--epochs', '2', '--checkpoint', str(tmp_path/'run.pt')]
    assert status(argv) == 0 and 'Nothing was trained' not in capsys.readouterr().out
    assert status(argv) == 0
    assert 'Nothing was trained: the checkpoint holds all of these epochs.' in capsys.readouterr().out


def test_a_run_that_is_over_is_judged_by_its_weights(tmp_path, monkeypatch, capsys):
    argv = ['--prove', '--epochs', '2', '--checkpoint', str(tmp_path/'run.pt')]
    assert status(argv) == 0 and 'agree after each of 26 steps' in capsys.readouterr().out
    assert status(argv) == 0 and 'tier 2 in one agree in the end, to within 0e+00' in capsys.readouterr().out
    right = scale.train_alone
    def faster(data, arch, epochs, lr, *args): return right(data, arch, epochs, 1.01*lr, *args)
    monkeypatch.setattr(scale, 'train_alone', faster)
    assert status(argv) == 1
    said = 'Not the same: the run of 1 process took no step, and its weights differ from those of one process by'
    assert said in capsys.readouterr().out


def test_only_the_first_process_complains(monkeypatch, capfd):
    waits = []
    monkeypatch.setenv('RANK', '1')
    monkeypatch.setattr(scale, 'sleep', waits.append)
    assert status(['--epochs', '0']) == 2 and waits == [10]  # torchrun ends it meanwhile
    capfd.readouterr()
    assert status(['--help']) == 0 and capfd.readouterr() == ('', '')


def test_a_batch_that_cannot_be_shared_is_refused(small, monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '3')
    with pytest.raises(ValueError, match='64 rows cannot be shared evenly by 3 processes: take a multiple of 3'):
        spread_learner(small)


def test_without_accelerate_the_error_says_what_to_install(small, monkeypatch):
    learn = spread_learner(small)
    monkeypatch.setenv('WORLD_SIZE', '2')
    monkeypatch.setattr(scale, 'find_spec', lambda name: None)
    with pytest.raises(ModuleNotFoundError, match='pip install accelerate'):
        with spread(learn): pass


def test_the_signal_is_as_it_was(small):
    before = signal.getsignal(signal.SIGTERM)
    assert status([]) == 0 and signal.getsignal(signal.SIGTERM) == before


# Numbers

@pytest.mark.parametrize('n_procs', [1, 2, 3, 5])
@pytest.mark.parametrize('n', [1, 7, 30, 60])
def test_union_holds_each_row_and_repeats_the_first(n, n_procs):
    dl = UnionLoader(TensorDataset(torch.arange(n)), 6*n_procs, n_procs, shuffle=True)
    order = list(range(n))
    for epoch in range(2):
        rows = torch.cat([xb for xb, in dl]).tolist()
        assert set(rows) == set(order) and len(rows) == -(-n//n_procs)*n_procs
    assert dl.new().n_procs == n_procs and len(dl) == len(list(dl))


def test_union_puts_the_rows_of_all_ranks_into_each_step():
    dl = UnionLoader(TensorDataset(torch.arange(14)), 4, 2)
    assert [xb.tolist() for xb, in dl] == [[0, 1, 7, 8], [2, 3, 9, 10], [4, 5, 11, 12], [6, 13]]


def test_plan():
    assert ring_bytes(1000, 1) == 0 and ring_bytes(1000, 2) == 4000
    assert ring_bytes(1e9, 1000, 2) == pytest.approx(4e9, rel=.01)
    assert break_even_rows(6e12, 1e9, 2, 4) == pytest.approx(4000)
