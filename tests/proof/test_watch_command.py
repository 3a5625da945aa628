"The command `fastsgd_watch`: scripts that train, train otherwise, break, and train nothing"
import json
import re
import sys
from types import SimpleNamespace

import pytest

from fastsgd.cli import watch_main

TRAINS = '''
import sys, torch
from torch import nn
torch.manual_seed(0)
x, y = torch.rand(160, 6), torch.rand(160, 1)
model = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 1))
opt = torch.optim.SGD(model.parameters(), float((sys.argv[1:] or [.1])[0]))
for i, (xb, yb) in enumerate(zip(x.split(16), y.split(16))):
    nn.functional.mse_loss(model(xb), yb).backward()
    opt.step()
    opt.zero_grad()
'''
BY_HAND = '''
import torch
from helper import rate
torch.manual_seed(0)
w = torch.zeros(6, 1, requires_grad=True)
if __name__ == '__main__':
    for xb in torch.rand(160, 6).split(16):
        (xb@w - 1).square().mean().backward()
        w.data -= rate*w.grad
        w.grad.zero_()
'''


@pytest.fixture
def watched(capsys, tmp_path, monkeypatch):
    "Run the command in this process, in a folder with a script"
    monkeypatch.chdir(tmp_path)
    def run(source, *argv, args=()):
        (tmp_path/'train.py').write_text(source)
        with pytest.raises(SystemExit) as leaving: watch_main([*map(str, argv), 'train.py', *map(str, args)])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


def assert_refused(run, *words):
    assert run.status == 2 and re.fullmatch(r'fastsgd_watch: [^\n]+\n', run.err)
    for word in words: assert word in run.err


def test_a_script_is_watched_with_its_arguments(watched):
    before = sys.argv, list(sys.path)
    run = watched(TRAINS, args=['.25'])
    assert (sys.argv, sys.path) == before
    assert run.status == 0 and run.err == '' and "Run 'train.py' of 10 steps" in run.out
    assert 'forward, backward, step, zero_grad' in run.out and '0.25' in run.out


def test_the_same_script_is_the_same(watched):
    assert watched(TRAINS, '--record', 'a.run').status == 0
    again = watched(TRAINS, '--against', 'a.run')
    assert again.status == 0 and 'Same training: after each of 10 steps every weight is the same' in again.out


@pytest.mark.parametrize('weights', [(), ('--weights',)])
def test_another_rate_is_not_the_same(watched, tmp_path, weights):
    watched(TRAINS, *weights, '--record', 'a.run')
    run = watched(TRAINS, '--against', 'a.run', '--json', 'c.json', '--plot', 'c.svg', args=['.2'])
    assert run.status == 1 and 'learning rate of step 1 is 0.1 in a.run and 0.2 in train.py' in run.out
    result = json.loads((tmp_path/'c.json').read_text())
    assert result['cause'] == 'rate' and not result['same'] and result['settings']['atol'] == 0
    assert '<svg' in (tmp_path/'c.svg').read_text()
    assert watched(TRAINS, '--against', 'a.run', '--atol', '10', args=['.2']).status == 0


def test_findings_of_both_runs_are_shown(watched):
    never_zeroed = '\n'.join(line for line in TRAINS.splitlines() if 'zero_grad' not in line) + '\n'
    assert 'gradients-not-zeroed: ' in watched(never_zeroed, '--record', 'a.run').out
    run = watched(TRAINS, '--against', 'a.run')
    assert run.status == 1 and 'a.run: gradients-not-zeroed: ' in run.out


def test_updates_by_hand_and_modules_beside_the_script(watched, tmp_path):
    (tmp_path/'helper.py').write_text('rate = .1')
    run = watched(BY_HAND, '--record', 'a.run')
    assert run.status == 0 and 'by hand' in run.out and 'of 10 steps' in run.out
    assert watched(BY_HAND, '--against', 'a.run').status == 0


def test_some_steps_only(watched):
    watched(TRAINS + 'print("the end")', '--record', 'a.run', '--steps', '4')
    run = watched(TRAINS + 'print("the end")', '--against', 'a.run', '--steps', '4')
    assert run.status == 0 and 'of 4 steps' in run.out and 'the end' not in run.out
    longer = watched(TRAINS, '--against', 'a.run')
    assert longer.status == 1 and 'a.run took 4 steps, train.py 10' in longer.out


def test_a_script_that_breaks_leaves_what_was_seen(watched, tmp_path):
    broken = TRAINS + "    if i == 5: raise KeyError('no such column')\n"
    run = watched(broken, '--record', 'a.run')
    assert_refused(run, 'train.py failed in line 12 with KeyError', 'no such column')
    assert 'of 6 steps' in run.out and (tmp_path/'a.run').exists()
    assert_refused(watched(TRAINS + 'sys.exit(3)'), 'exit status 3')
    assert watched(TRAINS + 'sys.exit()').status == 0


def test_what_cannot_be_watched_or_compared(watched, tmp_path):
    assert_refused(watched('print(1)'), 'No step of train.py was seen')
    assert_refused(watched('1/0'), 'train.py failed in line 1 with ZeroDivisionError')
    assert_refused(watched('def'), 'train.py failed', 'SyntaxError')
    assert_refused(watched(TRAINS, '--against', 'nowhere.run'), 'there is no file nowhere.run')
    assert_refused(watched(TRAINS, '--against', 'train.py'), 'train.py holds no run')
    assert_refused(watched(TRAINS, '--plot', 'a.png'), 'add --against FILE')
    assert_refused(watched(TRAINS, '--steps', '0'), "'0' is no whole number")
    assert_refused(watched(TRAINS, '--atol', '-1'), "'-1' is no difference")
    watched(TRAINS, '--record', 'a.run')
    assert_refused(watched(TRAINS.replace('4', '5'), '--against', 'a.run'), 'cannot be matched')
