"What a step has to do, what the machine can do, and where the one lies below the other"
import json
import sys

import pytest
import torch
from helpers import REPO
from torch.utils.flop_counter import FlopCounterMode

from fastsgd import archs, machine, manual
from fastsgd.data import get_dls
from fastsgd.guards import BadValue
from fastsgd.speed import Timings


@pytest.fixture
def hurried(monkeypatch):
    "Small tensors, and two sizes of batches"
    monkeypatch.setattr(machine, '_tensor_bytes', [2**12, 2**14])
    monkeypatch.setattr(machine, '_matrix_sides', [4, 8])
    monkeypatch.setattr(machine, 'sizes', (16, 64))


def test_the_work_of_a_step_by_hand():
    assert machine.step_work('linear', 3) == dict(bytes=3*784*4 + 3*8 + 2*785*4, flops=4*3*784)
    deep = 784*50, 50*30, 30*10
    assert machine.step_work('deep_net', 5, 10) == dict(
        bytes=5*(784*4 + 8) + 8*(sum(deep) + 50 + 30 + 10), flops=2*5*(2*deep[0] + 3*deep[1] + 3*deep[2]))


@pytest.mark.parametrize('arch', ['linear', 'simple_net', 'deep_net'])
@pytest.mark.parametrize('n_out', [1, 10])
def test_pytorch_counts_the_same_operations(arch, n_out, small, ten):
    data = small if n_out == 1 else ten
    params = {n: p.contiguous().requires_grad_() for n, p in archs.draw(arch, n_out).items()}
    model, loss_func = archs.as_function(arch, params), archs.loss_for(n_out)
    with FlopCounterMode(display=False) as counted:
        manual.train_epoch(model, .1, [*params.values()], [get_dls(data, 20).one_batch()], loss_func)
    assert counted.get_total_flops() == machine.step_work(arch, 20, n_out)['flops']


def test_what_is_measured_is_plain_and_positive(hurried):
    found = machine.measure(rounds=1)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert [*found['bandwidth']] == ['4096', '16384'] and [*found['rate']] == ['4', '8']
    assert min([*found['bandwidth'].values(), *found['rate'].values(), found['call']]) > 0
    assert found['processor'] and found['threads'] == torch.get_num_threads()


def test_bytes_and_operations_are_divided_by_the_fastest_round(hurried, monkeypatch):
    monkeypatch.setattr(machine, 'time_epochs', lambda runs, *args: Timings({name: [5., 2., 3.] for name in runs}))
    found = machine.measure()
    assert set(found['bandwidth'].values()) == {2*2**27/2} and found['rate']['8'] == 2000*2*8**3/2
    assert found['call'] == 2/5000


def test_a_machine_that_does_not_tell_its_name(monkeypatch):
    def hidden(path): raise FileNotFoundError(path)
    monkeypatch.setattr(machine.Path, 'read_text', hidden)
    assert machine._processor(torch.device('cpu'))


def test_a_device_that_is_absent():
    for run in machine.measure, machine.measure_steps:
        with pytest.raises(BadValue, match='Cannot compute on'): run('cuda:99')


def test_time_is_that_of_a_step(hurried, monkeypatch):
    monkeypatch.setattr(machine, 'time_epochs', lambda runs, *args: Timings({name: [6., 4.] for name in runs}))
    found = machine.measure_steps(rows=128)
    assert [(p['arch'], p['n_out'], p['bs']) for p in found] == [
        (arch, n_out, bs) for arch, n_out in (('linear', 1), ('sigmoid_net', 1), ('simple_net', 10)) for bs in (16, 64)]
    for p in found:
        assert p['seconds'] == 4*p['bs']/128 and p['calls'] > 20
        assert {k: p[k] for k in ('bytes', 'flops')} == machine.step_work(p['arch'], p['bs'], p['n_out'])


def test_calls_are_counted_there_and_back():
    x = torch.ones(3, requires_grad=True)
    assert machine.count_calls(lambda: x.detach().sin().add(1)) == 3
    assert machine.count_calls(lambda: x.sin().sum().backward()) > 3


slow = dict(bandwidth={'9': 100., '1000': 50.}, rate={'16': 20., '64': 400.})


def test_the_slower_of_the_two_decides():
    assert machine.least_seconds(slow, dict(bytes=100, flops=10)) == 2
    assert machine.least_seconds(slow, dict(bytes=100, flops=1200)) == 3


def test_the_picture_has_the_roof_and_the_points_where_they_lie():
    points = [dict(arch='linear', n_out=1, bs=bs, bytes=10, flops=bs*10, seconds=2.) for bs in (1, 4)]
    plot = machine.roofline(slow, points + [dict(points[0], arch='simple_net', n_out=10)]).axes[0]
    roof, linear, net = plot.lines
    assert list(roof.get_ydata()*1e9) == pytest.approx([min(50*x, 400) for x in roof.get_xdata()])
    assert list(linear.get_xdata()) == [1, 4] and list(linear.get_ydata()) == pytest.approx([5e-9, 20e-9])
    assert [t.get_text() for t in plot.get_legend().get_texts()] == ['784-1', '784-30-10']
    assert {'memory', 'processor', '1', '4'} <= {t.get_text() for t in plot.texts}


@pytest.fixture
def script(monkeypatch, capsys):
    "Run the script in this process: its status, and what it complains of"
    def run(*argv):
        monkeypatch.setattr(sys, 'argv', ['machine', *map(str, argv)])
        with pytest.raises(SystemExit) as leaving: machine._measure_into_file()
        return leaving.value.code, capsys.readouterr().err
    return run


def test_the_script_writes_both_measurements(hurried, monkeypatch, script, tmp_path):
    few = machine.measure_steps
    monkeypatch.setattr(machine, 'measure_steps', lambda device, progress: few(device, 128, 1, progress))
    assert script(tmp_path/'machine.json') == (0, '')
    found = json.loads((tmp_path/'machine.json').read_text())
    stored = REPO/'nbs/machine.json'
    if not stored.is_file(): return
    kept = json.loads(stored.read_text())  # has the form of a new one
    assert [*kept] == [*found] and [*kept['machine']] == [*found['machine']]
    assert [*kept['steps'][0]] == [*found['steps'][0]] and len(kept['steps']) == 12


def test_the_script_refuses_in_one_line(script, tmp_path):
    for argv in [tmp_path/'no/where.json'], [tmp_path/'a.json', '--device', 'cuda:99']:
        status, said = script(*argv)
        assert status == 2 and said.count('\n') == 1 and 'Traceback' not in said
