"The command `fastsgd`: what it prints, what it writes, and how it leaves"
import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from math import nan
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from helpers import end, start
from PIL import Image

from fastsgd import __version__ as fastsgd_version
from fastsgd import archs, cli, guards, learner, manual, options, parity
from fastsgd.cli import main
from fastsgd.course import course_main

command = 'from fastsgd.cli import main; main()'
get_learner = learner.get_learner


@pytest.fixture
def fastsgd(capsys):
    "Run the command in this process"
    def run(*argv):
        with pytest.raises((SystemExit, KeyboardInterrupt)) as leaving: main([str(a) for a in argv])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


def another_rate(dls, model, lr, loss_func): return get_learner(dls, model, lr*1.01, loss_func)


def spoiled(dls, model, lr, loss_func):
    with torch.no_grad(): model.bias.fill_(nan)
    return get_learner(dls, model, lr, loss_func)


def assert_refused(run, *words):
    assert run.status == 2
    assert re.fullmatch(r'fastsgd: [^\n]+\n', run.err) and 'Traceback' not in run.err and 'Error' not in run.err
    for word in words: assert word in run.err


def strict(text):
    def refuse(constant): raise ValueError(f'{constant} is not JSON')
    return json.loads(text, parse_constant=refuse)


# The main job

@pytest.mark.parametrize('argv, accuracy', [
    ((), .95), (('--arch', 'simple_net', '--lr', .5), .95), (('--classes', '0,1,2,3,4,5,6,7,8,9'), .75),
    (('--classes', '4,5', '--seed', 1, '--bs', 100, '--epochs', 1), .8)],
    ids=['defaults', 'simple_net', 'ten', 'options'])
def test_the_same_tiers_give_a_table_a_verdict_and_status_0(fastsgd, argv, accuracy):
    run = fastsgd(*argv)
    assert run.status == 0 and run.err == ''
    assert re.search('DigitData of .* training and .* validation images', run.out)
    accuracies = re.findall(r'^ *(manual|modules|learner) +(0\.\d{4}) ', run.out, re.M)
    assert [tier for tier, _ in accuracies] == ['manual', 'modules', 'learner']
    assert len({a for _, a in accuracies}) == 1 and float(accuracies[0][1]) > accuracy
    assert run.out.splitlines()[-1].startswith('Same computation')


def test_a_fault_gives_status_1_and_says_where(fastsgd):
    with patch.object(learner, 'get_learner', another_rate): run = fastsgd('--epochs', 1)
    assert run.status == 1 and run.err == ''
    assert re.search(r'Not the same: learner parts from manual at step 1 .*: \w+ differs by', run.out.splitlines()[-1])


def test_images_in_a_folder_are_trained_on(fastsgd, tmp_path):
    for part in 'train', 'valid':
        for digit in 1, 8:
            (tmp_path/part/str(digit)).mkdir(parents=True)
            for i in range(4): Image.new('L', (28, 28), 40*i + digit).save(tmp_path/part/str(digit)/f'{i}.png')
    run = fastsgd('--source', tmp_path, '--classes', '1,8', '--epochs', 1)
    assert run.status == 0 and '8 training' in run.out and run.err == ''


# Wrong requests

@pytest.mark.parametrize('option, value, words', [
    *[('lr', v, ['--lr', v, 'positive']) for v in ('0', '-1', 'nan', 'inf', 'abc')],
    *[('epochs', v, ['--epochs', v, '1 or more']) for v in ('0', '-1', '1.5', 'x')],
    *[('bs', v, ['--bs', v, '1 or more']) for v in ('0', '-1', 'x')],
    ('classes', '3', ['at least two']), ('classes', '3,3', ['3', 'twice']), ('classes', '3,12', ['12', 'not a digit']),
    ('classes', 'x', ['--classes', 'x', '3,7']), ('classes', '', ['--classes', '3,7']),
    ('classes', '3,,7', ['--classes', '3,7']),
    ('source', 'nowhere', ['nowhere', 'embedded', 'folder']), ('arch', 'resnet', ['--arch', 'resnet', 'simple_net']),
    ('seed', 'x', ['--seed']), ('seed', '9'*30, ['seed']),
    ('plot', 'tiers.gif', ['--plot', 'tiers.gif', '.png']), ('plot', 'tiers', ['--plot', '.svg']),
    ('plot', 'no/tiers.png', ['--plot', 'exists']), ('json', 'no/such/tiers.json', ['--json', 'no/such', 'exists']),
    ('json', '.', ['--json', 'file']), ('nonsense', '1', ['--nonsense'])])
def test_a_wrong_option_is_refused_in_one_line(fastsgd, tmp_path, monkeypatch, option, value, words):
    monkeypatch.chdir(tmp_path)
    run = fastsgd(f'--{option}', value)
    assert_refused(run, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_image_is_refused_in_one_line(fastsgd, tmp_path):
    for part in 'train', 'valid':
        for digit in 3, 7:
            (tmp_path/part/str(digit)).mkdir(parents=True)
            (tmp_path/part/str(digit)/'a.png').write_text('no picture')
    assert_refused(fastsgd('--source', tmp_path), 'a.png', 'delete')


def test_an_empty_folder_is_refused_in_one_line(fastsgd, tmp_path):
    assert_refused(fastsgd('--source', tmp_path), 'train/')


@pytest.mark.parametrize('arch', ['linear', 'simple_net'])
def test_a_rate_that_makes_the_loss_infinite_is_refused_in_one_line(fastsgd, arch):
    assert_refused(fastsgd('--classes', '1,2,3', '--lr', '1e38', '--arch', arch), 'lower lr')


def test_the_rate_goes_with_the_loss(fastsgd, tmp_path):
    for classes, rate in ('3,7', 1.), ('0,1,2', .1):
        assert fastsgd('--classes', classes, '--epochs', 1, '--json', tmp_path/'a.json').status == 0
        assert strict((tmp_path/'a.json').read_text())['settings']['lr'] == rate


def test_float64(fastsgd, tmp_path):
    assert fastsgd('--dtype', 'float64', '--epochs', 1, '--json', tmp_path/'a.json').status == 0
    assert strict((tmp_path/'a.json').read_text())['bound'] == 1e-12


def test_a_run_that_learns_nothing_says_so(fastsgd):
    run = fastsgd('--lr', 1e-9, '--epochs', 1)
    assert run.status == 0 and re.search(r'Same computation.* But nothing was learned: the accuracy is 0\.', run.out)


@pytest.mark.parametrize('arch', archs.archs)
def test_every_architecture_is_proven(fastsgd, arch):
    run = fastsgd('--arch', arch, '--epochs', 2, '--lr', .5)
    assert run.status == 0 and 'Same computation' in run.out


def test_options_and_rooms_know_the_same_architectures(): assert options.archs == tuple(archs.archs)


# Faults of ours

@pytest.mark.parametrize('kind', [KeyError, ValueError, RuntimeError, OSError, FloatingPointError, ModuleNotFoundError])
def test_a_fault_of_ours_keeps_its_traceback_and_has_a_status_of_its_own(fastsgd, kind):
    with patch.object(parity, 'compare_tiers', side_effect=kind('nobody meant this')): run = fastsgd('--epochs', 1)
    assert run.status == 3
    assert run.err.startswith('Traceback') and f'{kind.__name__}: ' in run.err and 'nobody meant this' in run.err
    assert re.fullmatch(r'fastsgd: this is a fault of fastsgd. Please report it .*/issues', run.err.splitlines()[-1])


refusals = [k for k in vars(guards).values() if isinstance(k, type) and issubclass(k, guards.Refusal)]


@pytest.mark.parametrize('kind', refusals, ids=lambda k: k.__name__)
def test_what_is_refused_on_purpose_takes_one_line(fastsgd, kind):
    with patch.object(parity, 'compare_tiers', side_effect=kind('this was meant')): run = fastsgd('--epochs', 1)
    assert run.status == 2 and run.err == 'fastsgd: this was meant\n'


# Every command

commands = dict(fastsgd=cli.main, fastsgd_check=cli.check_main, fastsgd_race=cli.race_main,
                fastsgd_bench=cli.bench_main, fastsgd_serve=cli.serve_main, fastsgd_course=course_main)


def left(command, *argv):
    with pytest.raises(SystemExit) as leaving: command(list(argv))
    return leaving.value.code


@pytest.mark.parametrize('name, command', commands.items(), ids=commands)
def test_every_command_knows_its_version_and_completes_itself(name, command, capsys):
    assert left(command, '--version') == 0 and capsys.readouterr().out == f'{name} {fastsgd_version}\n'
    assert left(command, '--print-completion', 'bash') == 0
    script = capsys.readouterr().out
    option = dict(fastsgd_serve='--port', fastsgd_course='--version').get(name, '--json')
    assert name in script and option in script
    if shutil.which('bash'): assert subprocess.run(['bash', '-n'], input=script, text=True).returncode == 0


@pytest.mark.parametrize('name, command', commands.items(), ids=commands)
def test_an_unknown_option_points_to_help(name, command, capsys):
    assert left(command, '--nonsense') == 2
    assert re.fullmatch(rf'{name}: [^\n]*--nonsense[^\n]*{name} --help[^\n]*\n', capsys.readouterr().err)


def test_the_package_is_a_command():
    run = subprocess.run([sys.executable, '-m', 'fastsgd', '--version'], capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout == f'fastsgd {fastsgd_version}\n' and run.stderr == ''


# Files

def test_json_holds_settings_and_results(fastsgd, tmp_path):
    run = fastsgd('--classes', '4,5', '--epochs', 2, '--lr', .5, '--json', tmp_path/'tiers.json')
    kept = strict((tmp_path/'tiers.json').read_text())
    assert run.status == 0 and kept['same'] is True and kept['max_diff'] == {'modules': 0., 'learner': 0.}
    assert kept['settings'] == dict(
        source='embedded', classes=[4, 5], arch='linear', epochs=2, lr=.5, bs=64, seed=42, dtype='float32')
    assert {tier: len(a) for tier, a in kept['accuracy'].items()} == dict(manual=2, modules=2, learner=2)
    assert f"{kept['accuracy']['learner'][-1]:.4f}" in run.out


def test_json_is_strict_even_where_weights_are_not_numbers(fastsgd, tmp_path):
    with patch.object(learner, 'get_learner', spoiled): run = fastsgd('--epochs', 1, '--json', tmp_path/'tiers.json')
    assert run.status == 1 and strict((tmp_path/'tiers.json').read_text())['same'] is False


@pytest.mark.parametrize('name, magic', [('tiers.png', b'\x89PNG'), ('tiers.svg', b'<?xml'), ('tiers.pdf', b'%PDF')])
def test_plot_is_written_in_the_format_of_its_name(fastsgd, tmp_path, name, magic):
    run = fastsgd('--epochs', 1, '--plot', tmp_path/name)
    assert run.status == 0 and run.err == '' and (tmp_path/name).read_bytes().startswith(magic)


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='there is no device that is always full')
def test_results_are_shown_even_if_they_cannot_be_written(fastsgd):
    run = fastsgd('--epochs', 1, '--json', '/dev/full')
    assert run.status == 2 and 'Same computation' in run.out
    assert re.fullmatch(r'fastsgd: [^\n]+\n', run.err)


# Interruption, warnings, bars

@pytest.mark.parametrize('module, name', [(parity, 'compare_tiers'), (manual, 'train_epoch')])
def test_an_interruption_gives_status_130_and_one_line(fastsgd, module, name):
    with patch.object(module, name, side_effect=KeyboardInterrupt): run = fastsgd()
    assert run.status == 130 and run.err == 'fastsgd: interrupted\n'


def test_a_cache_that_cannot_be_written_is_told_in_one_line(fastsgd, tmp_path, mnist_data, monkeypatch):
    (tmp_path/'file').touch()
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'file'))
    run = fastsgd('--epochs', 1)
    assert run.status == 0 and re.fullmatch(r'fastsgd: Cannot keep the digits[^\n]+\n', run.err)


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no pty')
def test_a_terminal_shows_a_bar_for_each_tier(fastsgd, monkeypatch):
    import pty
    ours, theirs = pty.openpty()
    shown = []
    def drain():
        try:
            while got := os.read(ours, 4096): shown.append(got)
        except OSError: pass  # Linux says so when the other end is closed
    reader = threading.Thread(target=drain)
    reader.start()
    with open(theirs, 'w') as terminal:
        monkeypatch.setattr(sys, 'stderr', terminal)
        assert fastsgd('--epochs', 1).status == 0
    reader.join(10)
    text = b''.join(shown).decode()
    assert all(re.search(rf'{tier}:.*13/13', text) for tier in ('manual', 'modules', 'learner'))


# Real processes

@pytest.fixture(scope='session')
def real(own_cache):
    "Three runs at once: a good one, one with a wrong source, and one that gets interrupted"
    good, wrong, long = start(command), start(command, '--source', 'nowhere'), start(command, '--epochs', 1_000_000)
    long.stdout.readline()  # data is loaded, training begins
    long.send_signal(signal.SIGTERM if os.name == 'nt' else signal.SIGINT)
    return dict(good=end(good), wrong=end(wrong), interrupted=end(long))


def test_a_normal_run_writes_nothing_to_stderr(real):
    run = real['good']
    assert run.status == 0 and run.err == '' and 'Same computation' in run.out
    assert '%|' not in run.out and '\r' not in run.out


def test_a_wrong_request_leaves_a_process_with_status_2(real): assert_refused(real['wrong'], 'nowhere')


@pytest.mark.skipif(os.name == 'nt', reason='Windows sends no SIGINT')
def test_an_interrupted_process_leaves_with_status_130(real):
    run = real['interrupted']
    assert run.status == 130 and run.err == 'fastsgd: interrupted\n'


def test_help_has_examples_and_does_not_wait_for_torch():
    run = end(start('''
import sys
from fastsgd.cli import main
try: main(['--help'])
finally: print('loaded', sorted({'torch', 'fastai', 'numpy', 'matplotlib'} & set(sys.modules)))
'''))
    assert run.status == 0 and run.err == '' and 'loaded []' in run.out
    assert 'fastsgd --arch simple_net' in run.out and 'exit status' in run.out
    for option in '--source', '--classes', '--epochs', '--lr', '--bs', '--seed', '--plot', '--json':
        assert option in run.out


@pytest.mark.parametrize('libraries, frozen', [((), True), (('triton',), False)])
def test_what_a_command_loads_is_not_looked_at_for_garbage(libraries, frozen, monkeypatch):
    "but triton counts its objects at the end, and complains of those that were left"
    monkeypatch.delitem(sys.modules, 'triton', raising=False)
    for name in libraries: monkeypatch.setitem(sys.modules, name, SimpleNamespace())
    gc.unfreeze()
    options.load('speed')
    assert (gc.get_freeze_count() > 0) == frozen and gc.isenabled()
    gc.freeze()  # as it was
