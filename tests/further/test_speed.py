"The race, timing in turns, loaders and layers that do the same work, digits in mapped files, and the two commands"
import json
import re
import sys
from dataclasses import replace
from functools import partial
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from helpers import end, start

from fastsgd import manual, speed
from fastsgd.cli import bench_main, race_main
from fastsgd.data import get_dls, map_digits, store_digits
from fastsgd.learner import get_learner
from fastsgd.manual import linear1
from fastsgd.modules import linear_model


@pytest.fixture
def command(capsys):
    "Run a command in this process"
    def run(main, *argv):
        with pytest.raises(SystemExit) as leaving: main([str(a) for a in argv])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


def params_of(arch): return speed._model(arch, 42, torch.device('cpu'))


# The race

@pytest.mark.parametrize('arch', ['linear', 'sigmoid_net'])
def test_both_tracks_are_tier_1_from_the_same_start(small, arch):
    done = speed.race(small, arch, lr=.5, bs=64, epochs=4)
    model, params = params_of(arch)
    whole = [(small.train_x, small.train_y)]
    assert done.full.accuracy == manual.train_model(model, .5, params, whole, get_dls(small).valid, 4)
    model, params = params_of(arch)
    dls = get_dls(small, 64)
    assert done.mini.accuracy == manual.train_model(model, .5, params, dls.train, dls.valid, len(done.mini.accuracy))
    assert done.target == done.full.accuracy[-1] and done.mini.steps == 4 and done.full.steps == 1


def test_sigmoid_net_is_nn_sequential(small):
    model, params = params_of('sigmoid_net')
    net = torch.nn.Sequential(torch.nn.Linear(784, 50), torch.nn.Sigmoid(), torch.nn.Linear(50, 1))
    with torch.no_grad():
        for p, q in zip(net.parameters(), params): p.copy_(q.T if q.ndim == 2 else q)
    torch.testing.assert_close(model(small.train_x), net(small.train_x))


def test_mini_batches_stop_as_soon_as_they_are_there(small):
    done = speed.race(small, epochs=20, bs=32)
    assert all(a < done.target for a in done.mini.accuracy[:-1])
    there = done.mini.reach(done.target)
    assert there['epochs'] == len(done.mini.accuracy) and there['steps'] == 7*there['epochs']


def test_an_accuracy_is_reached_when_it_is_there_for_the_first_time():
    track = speed.Track('up and down', 3, [.1, .2, .3, .4], [.5, .9, .8, .95])
    assert track.reach(.9) == dict(epochs=2, steps=6, seconds=.2)
    assert track.reach(.95) == dict(epochs=4, steps=12, seconds=.4)


def test_the_clock_only_goes_forward_and_includes_all_epochs(small):
    done = speed.race(small, epochs=5)
    for track in done.full, done.mini: assert track.seconds == sorted(track.seconds) and len(track.seconds) == len(track.accuracy)


def test_a_race_that_is_not_won(small):
    track = speed.Track('never', 3, [.1, .2], [.5, .6])
    done = speed.Race(speed.Track('full batch', 1, [1.], [.9]), track, .9)
    assert done.ratio == 0 and 'never' in repr(done) and 'do not get there' in repr(done)
    json.dumps(done.to_dict(), allow_nan=False)


@pytest.mark.parametrize('wrong, words', [(dict(arch='deep'), 'deep.*linear, sigmoid_net'), (dict(epochs=0), 'epochs is 0'), (dict(lr=-1.), 'lr is -1'), (dict(bs=0), 'bs is 0')])
def test_races_that_make_no_sense(small, wrong, words):
    with pytest.raises(ValueError, match=words): speed.race(small, **wrong)


def test_a_race_is_between_two(ten):
    with pytest.raises(ValueError, match='two'): speed.race(ten)


def test_batch_sizes(small):
    rows = speed.batch_sizes(small, [50, 200], targets=(.5, .999), epochs=2)
    assert [row['bs'] for row in rows] == [50, 200]
    assert rows[0]['0.5']['steps'] == 4*rows[0]['0.5']['epochs'] and rows[0]['0.999'] is None


# Timing

def test_things_take_turns_and_the_first_round_does_not_count():
    clock, order = count(), []
    with patch.object(speed, 'perf_counter', lambda: next(clock)):
        timed = speed.time_epochs({n: partial(order.append, n) for n in 'ab'}, rounds=3)
    assert ''.join(order) == 'abababab' and timed.seconds == dict(a=[1]*3, b=[1]*3)


def test_ratios_are_taken_round_by_round():
    timed = speed.Timings(dict(a=[2., 20., 3.], b=[1., 10., 1.]))  # the second round was disturbed
    assert timed.ratio('a', 'b')[0] == 2
    assert timed.table('b').loc['a'].iloc[1] == 2


def test_nothing_to_time():
    with pytest.raises(ValueError, match='nothing to time'): speed.time_epochs({})


@pytest.mark.parametrize('name', ['cut beforehand', 'ours', "torch's, TensorDataset", "fastai's, TensorDataset", "the book's"])
def test_loaders_deal_out_the_same_rows(small, name):
    dl = speed.loaders(small, 64)[name]
    xs, ys = map(torch.cat, zip(*dl))
    order, mine = xs.double().sum(1).argsort(), small.train_x.double().sum(1).argsort()
    assert torch.equal(xs[order], small.train_x[mine]) and torch.equal(ys[order], small.train_y[mine])
    assert sorted(len(xb) for xb, _ in dl) == [8, 64, 64, 64]


def test_gradients_by_hand_are_those_of_autograd(small):
    data, ends = small.to(torch.float64), []
    for hand in True, False:
        weights, bias = params = [p.detach().double().requires_grad_() for p in params_of('linear')[1]]
        dl = get_dls(data).train
        for _ in range(3): speed.hand_epoch(.7, params, dl) if hand else manual.train_epoch(partial(linear1, weights=weights, bias=bias), .7, params, dl)
        ends.append(torch.cat([p.detach().flatten() for p in params]))
    torch.testing.assert_close(*ends, rtol=0, atol=1e-12)


def test_layers_train(small):
    for run in speed.layers(small, 64).values(): run()


def test_time_in_callbacks_adds_up(dls):
    learn = get_learner(dls, linear_model(), .1)
    seconds = speed.callback_seconds(learn, epochs=2)
    assert {'recorder', 'train_eval', 'everything else'} <= set(seconds) and all(s > 0 for s in seconds.values())
    assert type(learn.recorder).__call__ is speed.Callback.__call__  # and no watch is left


def test_the_benchmark_has_all_comparisons(data):
    small = replace(data, train_x=data.train_x[:300], train_y=data.train_y[:300])
    with patch.object(speed, '_in_process', lambda n, source: dict(seconds=n/1e6, memory=1.)):
        result = speed.bench(small, rows=(600, 6000), rounds=2)
    table = speed.bench_table(json.loads(json.dumps(result, allow_nan=False)))
    assert table['ratio'].notna().all() and (table['ratio'] > 0).all()
    assert table.loc['6,000 rows / 600 rows', 'ratio'] == pytest.approx(10)
    assert {"the book's loader / ours", "Learner / the book's recipe"} <= set(table.index)


def test_rows_in_a_process_of_their_own():
    grown = speed._in_process(20_000, 'embedded')
    assert grown['seconds'] > 0 and grown['memory'] < 1.6
    with pytest.raises(RuntimeError, match='nowhere'): speed._in_process(100, 'nowhere')


# The order of rows is what it was

def test_batches_are_the_permutations_that_the_seed_gives(data):
    dl, g = get_dls(data, 64, seed=7).train, torch.Generator().manual_seed(7)
    for _ in range(2):
        order = torch.randperm(len(data.train_x), generator=g)
        for (xb, yb), rows in zip(dl, order.split(64)): assert torch.equal(xb, data.train_x[rows]) and torch.equal(yb, data.train_y[rows])


# Mapped files

def test_mapped_digits_train_to_the_same_weights(small, tmp_path):
    ends = []
    for data in small, map_digits(store_digits(small, tmp_path/'deep'/'er')):
        model, params = params_of('linear')
        dls = get_dls(data)
        manual.train_model(model, 1., params, dls.train, dls.valid, 2)
        ends.append(params)
    assert all(torch.equal(a, b) for a, b in zip(*ends))


def test_what_is_written_into_mapped_digits_is_not_kept(small, tmp_path):
    store_digits(small, tmp_path)
    map_digits(tmp_path).train_x.zero_()
    assert torch.equal(map_digits(tmp_path).train_x, small.train_x)


def test_ten_classes_keep_their_labels(ten, tmp_path):
    mapped = map_digits(store_digits(ten, tmp_path))
    assert mapped.classes == ten.classes and mapped.n_out == 10 and torch.equal(mapped.train_y, ten.train_y)


def test_missing_and_broken_files(small, tmp_path):
    with pytest.raises(FileNotFoundError, match='train_x.npy.*store_digits'): map_digits(tmp_path)
    store_digits(small, tmp_path)
    (tmp_path/'valid_x.npy').write_bytes((tmp_path/'valid_x.npy').read_bytes()[:500])
    with pytest.raises(ValueError, match='broken.*store_digits'): map_digits(tmp_path)
    np.save(tmp_path/'valid_x.npy', np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match='broken'): map_digits(tmp_path)  # and nothing is unpickled


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
def test_training_from_a_file_takes_no_memory_for_it(small, tmp_path):
    store_digits(speed.repeated(small, 60_000), tmp_path)  # 188 MB
    code = '''
import re, sys, torch
from fastsgd import manual, speed
from fastsgd.data import get_dls, map_digits
def own(): return int(re.search(r'RssAnon:\\s+(\\d+)', open('/proc/self/status').read())[1])/1000
model, params = speed._model('linear', 0, torch.device('cpu'))
manual.train_epoch(model, .1, params, [(torch.zeros(256, 784), torch.zeros(256, 1))])
before = own()
manual.train_epoch(model, .1, params, get_dls(map_digits(sys.argv[1]), 256).train)
print(own() - before)
'''
    run = end(start(code, tmp_path))
    assert run.status == 0 and float(run.out) < 60


# The commands

def test_race_command(command, tmp_path):
    run = command(race_main, '--epochs', 20, '--plot', tmp_path/'race.svg', '--json', tmp_path/'race.json')
    kept = json.loads((tmp_path/'race.json').read_text())
    assert run.status == (0 if kept['ratio'] > 1 else 1) and run.err == ''
    assert re.search(r'Accuracy 0\.\d{4}: mini-batches', run.out) and '<svg' in (tmp_path/'race.svg').read_text()
    assert kept['settings']['epochs'] == 20 and len(kept['full']['accuracy']) == 20


@pytest.mark.parametrize('main, argv', [(race_main, ['--classes', '1,2,3']), (race_main, ['--lr', '0']), (race_main, ['--source', 'nowhere']), (race_main, ['--plot', 'a.txt']),
    (bench_main, ['--rows', '5,x']), (bench_main, ['--rounds', '0']), (bench_main, ['--device', 'nowhere']), (bench_main, ['--source', 'nowhere'])])
def test_requests_that_make_no_sense(command, main, argv):
    run = command(main, *argv)
    assert run.status == 2 and run.out.count('\n') <= 1
    assert re.fullmatch(r'fastsgd_(race|bench): [^\n]+\n', run.err) and 'Traceback' not in run.err


@pytest.mark.parametrize('main', [race_main, bench_main])
def test_help_has_examples(command, main):
    run = command(main, '--help')
    assert run.status == 0 and 'examples:' in run.out


@pytest.mark.skipif(not torch.cuda.is_available(), reason='no CUDA')
def test_race_on_a_gpu(small): assert speed.race(small, epochs=5, device='cuda').full.accuracy
