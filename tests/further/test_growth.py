"Rows in files, seconds and memory by rows, two processes against one, and fresh memory for each batch"
import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from types import SimpleNamespace

import pytest
import torch
from helpers import REPO, end, fork

from fastsgd import growth
from fastsgd.data import map_digits
from fastsgd.guards import BadValue
from fastsgd.speed import repeated


@pytest.fixture
def here(monkeypatch):
    "What has a process of its own runs in this one"
    monkeypatch.setattr(growth, '_in_own_process', lambda f, *args: f(*args))


@pytest.fixture
def no_processes(monkeypatch):
    "What two processes would find, and the command lines that start them"
    commands = []
    def run(argv, **kwargs):
        commands.append(' '.join(argv))
        found = dict(step_seconds=.5, same=True, verdict='Same.', max_diff=[0., 1e-8, 3e-9], weights='abc')
        growth.Path(argv[-1]).write_text(json.dumps(found))
        return SimpleNamespace(returncode=0)
    monkeypatch.setattr(growth.subprocess, 'run', run)
    return commands


@pytest.mark.parametrize('piece', [7, 100, 1000])
def test_files_hold_the_rows_again_and_again(small, tmp_path, piece):
    mapped = map_digits(growth.store_repeated(small, 450, tmp_path, piece))
    expected = repeated(small, 450)
    assert torch.equal(mapped.train_x, expected.train_x) and torch.equal(mapped.train_y, expected.train_y)
    assert torch.equal(mapped.valid_x, small.valid_x)


def test_more_rows_than_the_disk_has_room_for(small, tmp_path):
    with pytest.raises(BadValue, match='rows take .* GB, and the disk of .* fewer rows'):
        growth.store_repeated(small, 10**12, tmp_path)


def test_rows_are_trained_on_in_memory_and_in_files(here, monkeypatch, tmp_path):
    folders, whole = [], growth.store_repeated
    def noting(data, n, folder):
        folders.append((n, growth.Path(folder)))
        return whole(data, n, folder)
    monkeypatch.setattr(growth, 'store_repeated', noting)
    found = growth.grow((300, 900), folder=tmp_path)
    (n, folder), = folders  # one for all numbers of rows
    assert n == 900 and folder.parent == tmp_path and not folder.exists()
    for kept in found['memory'], found['mapped']:
        assert [*kept] == ['300', '900']
        for n, v in kept.items(): assert v['tensors'] == int(n)*(784*4 + 8) and v['seconds'] > 0


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
def test_a_mapped_file_takes_no_memory(small, tmp_path):
    growth.store_repeated(small, 12_000, tmp_path)
    code = """
import json, sys
from fastsgd import growth
for folder in sys.argv[1:]: print(json.dumps(growth._epochs_over(12_000, 'embedded', folder or None, 2)))
"""
    done = end(fork(code, tmp_path, ''))  # this process may still hold memory that nobody uses
    assert done.status == 0, done.err
    mapped, own = map(json.loads, done.out.splitlines())
    assert mapped['memory'] < .3*mapped['tensors'] and .8 < own['memory']/own['tensors'] < 1.2


def test_a_process_that_ends_is_told_of(monkeypatch):
    class Gone:
        def __init__(self, *args, **kwargs): pass
        def __enter__(self): return self
        def __exit__(self, *error): pass
        def submit(self, *args): raise BrokenProcessPool
    monkeypatch.setattr(growth, 'ProcessPoolExecutor', Gone)
    with pytest.raises(BadValue, match='memory: ask for fewer rows'): growth._in_own_process(int)


def test_one_process_and_two_do_the_same_steps(no_processes):
    found = growth.share((64, 512))
    assert [[*v] for v in found.values()] == [['1', '2']]*2 and found['512']['2']['max_diff'] == 1e-8
    assert len(no_processes) == 4 and all('--prove' in c for c in no_processes)
    one, two = ({c.partition('fastsgd.scale')[2].rpartition('--json')[0] for c in no_processes if n in c}
                for n in ('--nproc_per_node 1 ', '--nproc_per_node 2 '))
    assert one == two and len(one) == 2


def test_processes_that_fail(monkeypatch):
    monkeypatch.setattr(growth.subprocess, 'run', lambda *a, **k: SimpleNamespace(returncode=1, stderr='no port'))
    with pytest.raises(RuntimeError, match='2 processes failed: no port'): growth._trained_by(2, 64)


@pytest.mark.skipif(os.name == 'nt', reason='Windows does not count page faults')
def test_fresh_memory_is_compared_under_each_setting(monkeypatch):
    seen = []
    def alone(f, *args):
        seen.append({k: os.environ.get(k) for k in ('MALLOC_TRIM_THRESHOLD_', 'THP_MEM_ALLOC_ENABLE')})
        return f(*args)
    monkeypatch.setattr(growth, '_in_own_process', alone)
    found = growth.fresh_memory((64, 100), rows=250, rounds=2)
    assert len({*map(str, seen)}) == 3 and len(seen) == 6 and 'THP_MEM_ALLOC_ENABLE' not in os.environ
    for v in found['as it is'].values():
        assert [*v] == ['cut beforehand', 'fresh memory', 'ours'] and v['cut beforehand']['ratio'] == (1, 1, 1)
        assert all(w['faults'] >= 0 for w in v.values())


def test_page_faults_are_those_of_memory_that_is_touched():
    faults, kept = [], []
    growth._with_faults(lambda: kept.append(torch.ones(2**24)), faults)()
    if os.name != 'nt': assert faults[0] >= 16  # 64 MB, in pages of 4 MB or less
    growth._with_faults(lambda: None, faults)()
    assert faults[1] < 16


def test_the_loader_into_fresh_memory_deals_out_the_same_batches(small):
    pairs = growth.TensorDataset(small.train_x, small.train_y)
    fresh, ours = (cls(pairs, 64, shuffle=True) for cls in (growth._FreshMemory, growth.TensorLoader))
    for (xb, yb), (x, y) in zip(fresh, ours): assert torch.equal(xb, x) and torch.equal(yb, y)


def test_the_picture_has_both_kinds_and_a_straight_line():
    def kept(factor): return {str(n): dict(seconds=factor*n, memory=n, tensors=n) for n in (10, 100, 1000)}
    time, memory = growth.growth_plot(dict(memory=kept(2), mapped=kept(3))).axes
    in_memory, mapped, straight = [list(line.get_ydata()) for line in time.lines]
    assert in_memory == straight == [20, 200, 2000] and mapped == [30, 300, 3000] and len(memory.lines) == 3


def test_the_script_writes_it_all(here, no_processes, monkeypatch, capsys, tmp_path):
    file = tmp_path/'growth.json'
    whole = growth.fresh_memory
    monkeypatch.setattr(growth, 'fresh_memory', lambda progress: whole((64,), 200, 1, progress))
    monkeypatch.setattr(sys, 'argv', ['growth', str(file), '--rows', '300,600'])
    with pytest.raises(SystemExit) as leaving: growth._grow_into_file()
    assert leaving.value.code == 0 and capsys.readouterr().err == ''
    found, stored = json.loads(file.read_text()), REPO/'nbs/growth.json'
    if not stored.is_file(): return
    kept = json.loads(stored.read_text())  # has the form of a new one
    assert [*kept] == [*found] and [*kept['fresh']] == [*found['fresh']]
    for k in 'rows', 'processes':
        (a, *_), (b, *_) = kept[k].values(), found[k].values()
        assert [*[*a.values()][0]] == [*[*b.values()][0]]
