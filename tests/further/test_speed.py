"The race, timing in turns, loaders and layers that do the same work, digits in mapped files, and the two commands"
import json
import re
import sys
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest
import torch
from helpers import REPO

from fastsgd import archs, manual, show, speed
from fastsgd.cli import bench_main, race_main
from fastsgd.data import get_dls, map_digits, store_digits
from fastsgd.guards import BadValue
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


def params_of(arch): return speed._drawn(arch, 42, torch.device('cpu'))


def rounded(accuracies): return [round(a, 6) for a in accuracies]


class Bar:
    "Stands in for tqdm, and remembers what happened to each bar"
    made = []
    def __init__(self, items, desc, total, leave, disable, **more):
        self.total, self.texts, self.n, self.disable = total, [desc], 0, disable
        Bar.made.append(self)
    def __enter__(self): return self
    def __exit__(self, *error): pass
    def update(self, n=1): self.n += n
    def set_description_str(self, text): self.texts.append(text)


@pytest.fixture
def bars(monkeypatch):
    "The bars that are made"
    monkeypatch.setattr(Bar, 'made', [])
    monkeypatch.setattr(show, 'tqdm', Bar)
    return Bar.made


# The race

@pytest.mark.parametrize('arch', ['linear', 'simple_net', 'sigmoid_net'])
def test_both_tracks_are_tier_1_from_the_same_start(small, arch):
    done = speed.race(small, arch, lr=.5, bs=64, epochs=4)
    model, params = params_of(arch)
    whole = [(small.train_x, small.train_y)]
    assert done.full.accuracy == rounded(manual.train_model(model, .5, params, whole, get_dls(small).valid, 4))
    model, params = params_of(arch)
    dls = get_dls(small, 64)
    mini = manual.train_model(model, .5, params, dls.train, dls.valid, len(done.mini.accuracy))
    assert done.mini.accuracy == rounded(mini)
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
    for track in done.full, done.mini:
        assert track.seconds == sorted(track.seconds) and len(track.seconds) == len(track.accuracy)


def test_a_race_that_is_not_won(small):
    track = speed.Track('never', 3, [.1, .2], [.5, .6])
    done = speed.Race(speed.Track('full batch', 1, [1.], [.9]), track, .9)
    assert done.ratio == 0 and 'never' in repr(done) and 'do not get there' in repr(done)
    json.dumps(done.to_dict(), allow_nan=False)


def test_mini_batches_that_are_there_later(small):
    later = speed.Race(speed.Track('full batch', 1, [1.], [.9]), speed.Track('mini', 3, [2.], [.9]), .9, .6)
    assert later.ratio == .5 and 'not sooner, but take 2.00 times as long' in later.verdict


@pytest.mark.parametrize('settings', [dict(lr=1e-9, epochs=3), dict(epochs=1), dict(arch='linear', lr=1e-9, epochs=2)])
@pytest.mark.parametrize('seed', [5, 42])
def test_a_race_that_teaches_nothing_has_no_winner(data, settings, seed):
    done = speed.race(data, **settings, seed=seed)
    assert not done.learned and done.ratio == 0 and 'learned nothing' in repr(done)
    assert done.to_dict()['learned'] is False


def test_a_lucky_start_is_no_learning(data):
    starts = {seed: manual.validate_epoch(speed._drawn('linear', seed, torch.device('cpu'))[0], get_dls(data).valid)
              for seed in range(60)}
    lucky = max(starts, key=starts.get)
    assert starts[lucky] > .7
    assert not speed.race(data, 'linear', lr=1e-9, epochs=2, seed=lucky).learned
    assert speed.race(data, 'linear', epochs=20, seed=lucky).learned


def test_chance_grows_with_the_larger_class_and_shrinks_with_the_number_of_images():
    y = (torch.arange(100) < 90).long()[:, None]
    assert archs.chance(y, 0.) == archs.chance(1 - y, 0.) == pytest.approx(.9 + 2*.03)
    assert archs.chance(y.repeat(100, 1), 0.) == pytest.approx(.9 + 2*.003)
    assert archs.chance(torch.ones(5, 1), 0.) == 1


def test_accuracies_carry_no_noise_of_float32(small):
    done = speed.race(small, epochs=3).to_dict()
    for track in done['full'], done['mini']: assert track['accuracy'] == rounded(track['accuracy'])
    assert done['target'] == round(done['target'], 6)


def test_a_bar_counts_the_epochs_that_its_track_may_have(small, bars):
    done = speed.race(small, epochs=20, bs=32, progress=True)
    full, mini = bars
    assert full.texts == ['full batch'] and (full.n, full.total) == (20, 20)
    assert mini.texts == ['mini-batches of 32'] and (mini.n, mini.total) == (len(done.mini.accuracy), 20)


def test_plot_and_table_tell_of_the_same_epochs():
    full = speed.Track('full batch', 1, [.1, .2, .3, .4], [.5, .9, .8, .9])
    plot = speed.Race(full, speed.Track('mini-batches', 3, [.1], [.7]), .9, .6, 'lr 1').plot().axes[0]
    labels = [t.get_text() for t in plot.get_legend().get_texts()]
    assert labels == ['full batch: there after 2 of 4 epochs', 'mini-batches: not there in any of 1 epochs']
    assert plot.get_title('left') == 'lr 1'


def test_the_title_has_the_settings(small):
    title = speed.race(small, 'linear', lr=.5, epochs=1, seed=7).title
    assert title == '3 or 7, 200 training images: linear, lr 0.5, seed 7'


def time_something(data, device): return speed.time_epochs(dict(a=int), device=device)


@pytest.mark.parametrize('run', [speed.race, time_something, speed.loaders, speed.layers,
                                 speed.bench, speed.bench_plan])
@pytest.mark.parametrize('device', ['nowhere', 'cuda:99'])
def test_devices_that_are_absent(small, run, device):
    with pytest.raises(BadValue, match=f'Cannot compute on .{device}.'): run(small, device=device)


@pytest.mark.parametrize('wrong, words', [
    (dict(arch='deep'), 'deep.*linear, simple_net, sigmoid_net'), (dict(epochs=0), 'epochs is 0'),
    (dict(lr=-1.), 'lr is -1'), (dict(bs=0), 'bs is 0')])
def test_races_that_make_no_sense(small, wrong, words):
    with pytest.raises(ValueError, match=words): speed.race(small, **wrong)


def test_a_race_is_between_two(ten):
    with pytest.raises(ValueError, match='two'): speed.race(ten)


def test_batch_sizes(small):
    rows = speed.batch_sizes(small, [50, 200], targets=(.5, .999), epochs=2)
    assert [row['bs'] for row in rows] == [50, 200]
    assert rows[0]['0.5']['steps'] == 4*rows[0]['0.5']['epochs'] and rows[0]['0.999'] is None


def test_an_accuracy_that_is_just_reached_counts(small):
    "188 of 200 are 0.94, although not in float32"
    with patch.object(manual, 'validate_epoch', lambda *args: torch.tensor(.94).item()):
        row, = speed.batch_sizes(small, [50], targets=(.94,))
    assert row['0.94']['epochs'] == 1


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


@pytest.mark.parametrize('name', ['cut beforehand', 'ours', "torch's, TensorDataset",
                                  "fastai's, TensorDataset", "the book's"])
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
        model = partial(linear1, weights=weights, bias=bias)
        for _ in range(3): speed.hand_epoch(.7, params, dl) if hand else manual.train_epoch(model, .7, params, dl)
        ends.append(torch.cat([p.detach().flatten() for p in params]))
    torch.testing.assert_close(*ends, rtol=0, atol=1e-12)


def test_layers_train(small):
    for run in speed.layers(small, 64).values(): run()


def test_time_in_callbacks_adds_up(dls):
    learn = get_learner(dls, linear_model(), .1)
    seconds = speed.callback_seconds(learn, epochs=2)
    assert {'recorder', 'train_eval', 'everything else'} <= set(seconds) and all(s > 0 for s in seconds.values())
    assert type(learn.recorder).__call__ is speed.Callback.__call__  # and no watch is left


def no_process(n, source): return dict(seconds=n/1e6, memory=1. if n > 1000 else None)


@pytest.fixture(scope='module')
def few(data): return replace(data, train_x=data.train_x[:300], train_y=data.train_y[:300])


@pytest.fixture(scope='module')
def benched(few):
    "A quick run of the benchmark, as it comes back from JSON, and its bars"
    with patch.object(speed, '_in_process', no_process), patch.object(show, 'tqdm', Bar), patch.object(Bar, 'made', []):
        result = speed.bench(few, rows=(600, 6000), rounds=2, progress=True)
        return SimpleNamespace(result=json.loads(json.dumps(result, allow_nan=False)), bars=Bar.made)


def test_the_benchmark_has_all_comparisons_under_one_bar(benched):
    table = speed.bench_table(benched.result)
    assert table['ratio'].notna().all() and (table['ratio'] > 0).all()
    heading, = {heading for heading, name in table.index if name == '6,000 rows / 600 rows'}
    assert table.loc[(heading, '6,000 rows / 600 rows'), 'ratio'] == pytest.approx(10)
    names = table.index.get_level_values(1)
    assert {"the book's / ours", "Learner / Learner, the book's recipe"} <= set(names)
    assert '6,000 rows: growth of peak / tensors' in names
    assert not {'600 rows: growth of peak / tensors', 'lower', 'upper'} & {*names, *table.columns}
    values = [tuple(row) for row in table.dropna().values]
    assert names.is_unique and len(set(values)) == len(values)  # nothing is told twice
    bar, = benched.bars
    parts = 'races loaders layers callbacks growth batch_sizes rows'.split()
    assert bar.texts[1:] == [f'part {i} of 7: {name.replace("_", " ")}' for i, name in enumerate(parts, 1)]
    assert bar.n == pytest.approx(bar.total) and list(benched.result)[1:-1] == parts


@pytest.mark.skipif(not (REPO/'nbs').is_dir(), reason='the stored run is not here')
def test_the_stored_run_has_the_form_of_a_new_one(benched):
    stored = json.loads((REPO/'nbs/bench.json').read_text())
    assert set(stored) == {'settings', *benched.result}
    assert stored['races']['linear'].keys() == benched.result['races']['linear'].keys()
    for k in 'targets', 'loaders', 'layers', 'growth': assert stored[k].keys() == benched.result[k].keys()


def test_a_plan_says_how_many_parts_and_how_long(few, monkeypatch):
    def plan(seconds, rounds):  # with an epoch that takes so long, however busy the machine is
        monkeypatch.setattr(speed, 'time_epochs', lambda *args: SimpleNamespace(seconds=dict(epoch=[seconds])))
        return speed.bench_plan(few, (600,), rounds)
    assert re.fullmatch(r'7 parts, about \d\d seconds on this machine\.', plan(.002, 2))
    by_rounds, by_epoch = (re.search(r'about (\d+) minutes', plan(*given)) for given in ((.002, 10**6), (2., 2)))
    assert int(by_rounds[1]) > 1000 and int(by_epoch[1]) > 10


def test_rows_in_a_process_of_their_own():
    grown = speed._in_process(2_000, 'embedded')
    assert grown['seconds'] > 0 and grown['memory'] is None  # 6 MB are nothing beside PyTorch


@pytest.mark.parametrize('before, memory', [(3_000_000, None), (1_000_000, 2.)])
def test_memory_is_told_where_it_shows(monkeypatch, before, memory):
    size = 500*(784*4 + 8)
    peaks = iter([before, before + 2*size])
    monkeypatch.setattr(speed, '_peak', lambda: next(peaks))
    assert speed._grown(500, 'embedded', 1)['memory'] == memory


@pytest.mark.parametrize('status, said, error, words', [
    (2, 'python -m fastsgd.speed: too many rows\n', BadValue, '^too many rows$'),
    (-9, '', BadValue, 'signal 9.*memory'), (3, 'Traceback', RuntimeError, 'Traceback')])
def test_processes_that_fail(monkeypatch, status, said, error, words):
    done = SimpleNamespace(returncode=status, stdout='', stderr=said)
    monkeypatch.setattr(speed.subprocess, 'run', lambda *args, **kw: done)
    with pytest.raises(error, match=words): speed._in_process(100, 'embedded')


def test_the_script_speaks_in_one_line(command, monkeypatch):
    monkeypatch.setattr(sys, 'argv', ['speed', '400', 'embedded'])
    assert json.loads(command(lambda argv: speed._run_script()).out)['seconds'] > 0
    monkeypatch.setattr(sys, 'argv', ['speed', '1000000000000', 'embedded'])
    run = command(lambda argv: speed._run_script())
    assert run.status == 2 and re.fullmatch(r'python -m fastsgd.speed: .* rows take .*\n', run.err)


def test_more_rows_than_memory_holds(small):
    "And nothing is measured before that is said"
    for run in partial(speed.repeated, small, 10**12), partial(speed.bench, small, rows=(100, 10**12)):
        complaint = pytest.raises(BadValue, match='1,000,000,000,000 rows take .* GB, .* fewer rows')
        with patch.object(speed, 'race', None), complaint: run()


# The order of rows is what it was

def test_batches_are_the_permutations_that_the_seed_gives(data):
    dl, g = get_dls(data, 64, seed=7).train, torch.Generator().manual_seed(7)
    for _ in range(2):
        order = torch.randperm(len(data.train_x), generator=g)
        for (xb, yb), rows in zip(dl, order.split(64)):
            assert torch.equal(xb, data.train_x[rows]) and torch.equal(yb, data.train_y[rows])


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


def own_memory():
    "Memory of this process that is no file's, in bytes"
    return 1024*int(re.search(r'RssAnon:\s+(\d+)', Path('/proc/self/status').read_text())[1])


@pytest.mark.skipif(sys.platform != 'linux', reason='memory is read as Linux tells it')
@pytest.mark.parametrize('mapped, least, most', [(True, -.1, .2), (False, .8, 1.2)])
def test_memory_holds_tensors_once_and_files_not_at_all(small, tmp_path, mapped, least, most):
    n, (model, params) = 40_000, params_of('linear')  # 126 MB
    if mapped: store_digits(speed.repeated(small, n), tmp_path)
    manual.train_epoch(model, .1, params, get_dls(small, 256).train)
    before = own_memory()
    data = map_digits(tmp_path) if mapped else speed.repeated(small, n)
    dl = get_dls(data, 256).train
    manual.train_epoch(model, .1, params, dl)
    assert least < (own_memory() - before)/(n*784*4) < most


# The commands

def test_race_command(command, tmp_path):
    run = command(race_main, '--epochs', 20, '--plot', tmp_path/'race.svg', '--json', tmp_path/'race.json')
    kept = json.loads((tmp_path/'race.json').read_text())
    assert run.status == (0 if kept['ratio'] > 1 else 1) and run.err == '' and kept['learned']
    assert re.search(r'Accuracy 0\.\d{4}: mini-batches', run.out) and '<svg' in (tmp_path/'race.svg').read_text()
    assert kept['settings']['epochs'] == 20 and len(kept['full']['accuracy']) == 20


def test_race_command_where_nothing_is_learned(command):
    run = command(race_main, '--lr', '1e-9', '--epochs', 2)
    assert run.status == 1 and 'learned nothing' in run.out and 'sooner' not in run.out


def test_race_command_knows_tier_1s_network(command):
    run = command(race_main, '--arch', 'simple_net', '--epochs', 5)
    assert run.status < 2 and run.err == '' and 'Accuracy' in run.out


def test_bench_command(command, few, monkeypatch, tmp_path):
    monkeypatch.setattr(speed, '_in_process', no_process)
    monkeypatch.setattr('fastsgd.data.load_digits', lambda source: few)
    run = command(bench_main, '--rows', '600,6000', '--rounds', 1, '--json', tmp_path/'bench.json')
    assert run.status == 0 and run.err == ''  # no bar outside a terminal
    lines = run.out.splitlines()
    assert re.match(r'7 parts, about \d+ (seconds|minutes) on this machine', lines[1]) and lines[2].startswith('CPU')
    headings = [line for line in lines[5:] if not line.startswith(' ')]
    assert len(headings) == 6 and all(len(line) < 80 for line in lines)
    assert json.loads((tmp_path/'bench.json').read_text())['settings']['rows'] == [600, 6000]


@pytest.mark.parametrize('main, argv', [
    (race_main, ['--classes', '1,2,3']), (race_main, ['--lr', '0']), (race_main, ['--source', 'nowhere']),
    (race_main, ['--plot', 'a.txt']), (bench_main, ['--rows', '5,x']), (bench_main, ['--rounds', '0']),
    (bench_main, ['--device', 'nowhere']), (bench_main, ['--source', 'nowhere']),
    (bench_main, ['--rows', '1000000000']), (bench_main, ['--device', 'cuda:99'])])
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
