"The command `fastsgd_check`: files that are right, wrong, endless, broken or greedy, and files of exercises"
import json
import os
import re
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from fastsgd.check import check_file
from fastsgd.cli import check_main
from fastsgd.exercises import exercises, new_exercises, solution, stub

imports = '''from collections.abc import Callable, Iterable, Sequence
import torch
from torch import Tensor
'''
right = 'def mse(preds, targets): return ((preds - targets)**2).mean()\n'


@pytest.fixture
def checked_anew(capsys, tmp_path):
    "Run the command in this process, on a file with some source, which a new interpreter reads"
    def run(source, *argv, name='solution.py'):
        (tmp_path/name).write_text(source)
        with pytest.raises(SystemExit) as leaving: check_main([*map(str, argv), str(tmp_path/name)])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err)
    return run


@pytest.fixture
def checked(forked, checked_anew):
    "The same, where the file is read by a fork"
    return checked_anew


def assert_refused(run, *words):
    assert run.status == 2 and run.out == ''
    assert re.fullmatch(r'fastsgd_check: [^\n]+\n', run.err) and 'Traceback' not in run.err
    for word in words: assert word in run.err


# What is in the file

def test_solutions_are_right(checked):
    run = checked(imports + '\n'.join(map(solution, exercises)))
    assert run.status == 0 and run.err == ''
    assert run.out.splitlines() == [f'{name}: right' for name in exercises]


def test_a_mistake_is_named_with_status_1(checked_anew):
    run = checked_anew(right + 'def linear1(xb, weights, bias): return xb @ weights\n')
    assert run.status == 1 and run.out.startswith('mse: right\nlinear1: bias-not-added\n')
    assert re.search('not in the file: init_params, .*BasicOptim', run.out)


def test_hint_and_solution_are_shown_when_asked_for(checked):
    source = 'def linear1(xb, weights, bias): return xb @ weights\n'
    plain, more = checked(source), checked(source, '--hint', '--solution')
    assert 'Add the bias' not in plain.out and 'Add the bias' in more.out
    assert 'return xb @ weights + bias' not in plain.out and 'return xb @ weights + bias' in more.out


def test_json(checked, tmp_path):
    checked(right + 'def linear1(xb, weights, bias): return xb @ weights\n', '--json', tmp_path/'report.json')
    report = json.loads((tmp_path/'report.json').read_text())
    assert not report['ok'] and report['passed'] == ['mse']
    assert report['findings'][0]['mistake'] == 'bias-not-added'


def test_what_comes_from_fastsgd_is_not_the_learners(checked):
    assert_refused(checked('from fastsgd.manual import *\nfrom fastsgd.descent import mse\n'), 'none of the functions')
    run = checked('from fastsgd.manual import mnist_loss, linear1\n' + right)
    assert run.status == 0 and 'mnist_loss' not in run.out.splitlines()[0]


def test_prints_and_checks_in_the_file_stay_inside(checked):
    talk = 'print(check(mse=mse))\nimport sys; sys.stderr.write("oops")\n'
    run = checked(f'print("hello")\nfrom fastsgd.check import check\n{right}{talk}')
    assert run.status == 0 and run.out.startswith('mse: right\n') and run.err == ''


@pytest.mark.parametrize('use', [
    'print(report.hint())', 'print(report.solution())', 'assert report.ok', 'assert not report.findings',
    'assert report.passed == ["mse"]', 'report.to_dict()["ok"]',
    'print(report, report.missing)', 'for f in report.findings: print(f.message)', 'report._repr_html_()'])
def test_a_file_may_use_what_check_gives_it(checked, use):
    run = checked(f'from fastsgd.check import check\n{right}report = check(mse=mse, seed=3)\n{use}\n')
    assert run.status == 0 and run.out.startswith('mse: right\n') and run.err == ''


def test_a_file_that_asserts_that_it_is_right_is_told_its_mistake(checked):
    wrong = 'def linear1(xb, weights, bias): return xb @ weights'
    run = checked(f'from fastsgd.check import check\n{wrong}\nassert check(linear1=linear1).ok\n')
    assert run.status == 1 and run.out.startswith('linear1: bias-not-added\n')


def test_main_blocks_are_not_run(checked):
    assert checked(right + 'if __name__ == "__main__": raise SystemExit(3)\n').status == 0


def test_modules_beside_the_file_can_be_imported(checked, tmp_path):
    (tmp_path/'my_helpers.py').write_text('def square(x): return x**2\n')
    uses_it = 'from my_helpers import square\ndef mse(preds, targets): return square(preds - targets).mean()\n'
    assert checked(uses_it).status == 0


def test_the_folder_may_have_a_space_and_an_umlaut(checked, tmp_path):
    (tmp_path/'my übung').mkdir()
    assert checked(right, name='my übung/lösung.py').status == 0


def test_a_notebook_is_run_cell_by_cell(checked):
    run = checked(notebook('%matplotlib inline\nimport torch', '!ls', right), name='solution.ipynb')
    assert run.status == 0 and run.out.startswith('mse: right') and 'Note' not in run.out


def notebook(*cells):
    "A notebook with some code, and a heading"
    def cell(source):
        lines = source.splitlines(keepends=True)
        return dict(cell_type='code', source=lines, metadata={}, outputs=[], execution_count=None)
    heading = dict(cell_type='markdown', source='# mse', metadata={})
    return json.dumps(dict(cells=[*map(cell, cells), heading], metadata={}, nbformat=4, nbformat_minor=5))


def test_what_is_meant_for_jupyter_does_no_harm(checked):
    cells = ['display(torch)', 'get_ipython().run_line_magic("time", "")', '%time x = 1',
             '!ls', 'files = !ls\nlen(files)', 'here = %pwd',
             '!pip install \\\n  torch', 'for i in range(2):\n    !ls', 'torch?', '?torch', 'torch.randn??',
             '%%bash\nls | wc', '%%html\n<b>',
             '%%writefile a.py\nimport nowhere', 'text = """\n%d\n!x\n"""\nassert text.split() == ["%d", "!x"]']
    under = [f'{magic}\n%precision 3\n{imports}{solution(name)}' for magic, name in zip(
        ['%%time', '%%timeit -n 3', '%%capture out', '%%prun'], ['mse', 'linear1', 'simple_net', 'mnist_loss'])]
    run = checked(notebook('import torch', *cells, *under), name='solution.ipynb')
    assert run.status == 0 and 'Note' not in run.out
    assert run.out.splitlines()[:4] == [f'{name}: right' for name in ('mse', 'linear1', 'simple_net', 'mnist_loss')]


def test_a_cell_that_stops_does_not_keep_others_from_being_checked(checked, tmp_path):
    stops = [('x.shape\ny = 1', 'x.shape', 'NameError'), ('a = 1\nassert a == 2', 'assert a == 2', 'AssertionError'),
             ('import torsch', 'import torsch', 'torsch'), ('exit()', 'exit()', 'exit()'),
             ('def linear1(xb weights): pass', 'def linear1(xb weights): pass', 'SyntaxError')]
    cells = [cell for cell, *_ in stops]
    run = checked(notebook(*cells, right), '--json', tmp_path/'report.json', name='solution.ipynb')
    assert run.status == 0 and run.err == '' and run.out.startswith('mse: right\nNote: It stops at the line')
    notes = json.loads((tmp_path/'report.json').read_text())['notes']
    assert len(notes) == len(stops)
    for note, (_, line, why) in zip(notes, stops):
        assert f'`{line}`' in note and why in note and not re.search(r'cell \d', note) and '..' not in note


def test_a_line_that_stops_does_not_keep_others_from_being_checked(checked):
    more = 'assert mse(torch.ones(1), torch.ones(1)) == 3\ndef linear1(xb, weights, bias): return xb @ weights + bias\n'
    run = checked(f'import torch\nx.shape\n{right}{more}')
    assert run.status == 0 and run.out.startswith('mse: right\nlinear1: right\n')
    assert 'Note: It stops at line 2, `x.shape`: NameError' in run.out and 'line 4, `assert mse' in run.out


def test_what_stops_is_told_first_where_no_function_is_left(checked):
    run = checked(notebook('a = 1\nx.shape', 'y.shape'), name='solution.ipynb')
    assert_refused(run, 'cannot be run', 'the line `x.shape`: NameError')


def test_annotations_may_be_left_for_later(checked):
    later = 'def linear1(xb: Later, weights, bias): return xb @ weights + bias'
    assert checked(f'from __future__ import annotations\n{later}\n{right}').status == 0


def test_a_file_may_read_its_own_source(checked):
    before, after = f'import inspect\n{right}', 'assert "mean" in inspect.getsource(mse)\n'
    assert checked(before + after, name='a.py').out.count('Note') == 0
    assert checked(notebook(before, after), name='a.ipynb').out.count('Note') == 0


def test_a_line_of_a_notebook_is_quoted(checked):
    stops = 'def linear1(xb, weights, bias):\n    x = xb*weights\n    return x + bias'
    run = checked(notebook('import torch', stops), name='solution.ipynb')
    assert 'It stops in line 2, `x = xb*weights`, with RuntimeError' in run.out


@pytest.mark.parametrize('name, content, words', [
    ('picture.png', b'\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff', ['no text']),
    ('old.py', 'x = "\u00fc"'.encode('latin-1'), ['UTF-8']),
    ('old.ipynb', '{"a": "\u00fc"}'.encode('latin-1'), ['UTF-8']),
    ('broken.ipynb', b'{"cells":', ['no notebook']), ('list.ipynb', b'[]', ['no notebook']),
    ('other.ipynb', b'{"cells": [3]}', ['no notebook']), ('zero.py', b'x = 1\0', ['cannot be run'])])
def test_what_is_no_code_is_refused_in_a_sentence(forked, tmp_path, name, content, words):
    (tmp_path/name).write_bytes(content)
    with pytest.raises(ValueError) as refused: check_file(tmp_path/name)
    assert all(word in str(refused.value) for word in [name, *words]) and 'codec' not in str(refused.value)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match='is a folder'): check_file(tmp_path)


def test_a_declared_encoding_is_read(forked, tmp_path):
    (tmp_path/'old.py').write_bytes(('# -*- coding: latin-1 -*-\nx = "\u00fc"\n' + right).encode('latin-1'))
    assert check_file(tmp_path/'old.py').passed == ['mse']


def test_near_misses_are_suggested(checked):
    run = checked('def MSE(preds, targets): pass\ndef trainEpoch(): pass\n')
    assert_refused(run, 'MSE is not checked: did you mean mse?', 'did you mean train_epoch?')
    run = checked(right + 'def Linear1(xb, weights, bias): pass\n')
    assert run.status == 0 and 'Note: Linear1 is not checked: did you mean linear1?' in run.out


def test_a_search_that_takes_too_long_is_not_the_learners_loop(checked, monkeypatch):
    slow = 'import sys, time\nsys.modules["fastsgd.checker.matching"].named = lambda *args: time.sleep(60)\n'
    run = checked(slow + 'def mse(preds, targets): return ((preds - targets)**4).mean()\n', '--seconds', 1)
    assert run.status == 1 and 'The loss is' in run.out and 'two mistakes' in run.out and 'endless' not in run.out


def test_solutions_of_what_is_not_written_stay_hidden(checked):
    run = checked(imports + stub('mse') + 'def linear1(xb, weights, bias): return xb @ weights\n', '--solution')
    assert 'def linear1' in run.out and 'def mse' not in run.out and "print(solution('mse'))" in run.out


# What goes wrong

def test_a_fault_of_the_checker_is_not_the_learners(checked):
    run = checked(f'import sys, fastsgd.check\nsys.modules["fastsgd.check"]._check_function = None\n{right}')
    assert run.status == 3 and 'The checker itself failed' in run.err and "'NoneType' object is not callable" in run.err
    assert 'mse' not in run.out


@pytest.mark.parametrize('source, words', [
    ('import sys\nsys.exit()', ['line 2', 'exit()']), ('def mse(preds targets): pass', ['line 1', 'SyntaxError']),
    ('x = 1\ny = x/0', ['line 2', 'ZeroDivisionError']), ('while True: pass', ['endless loop']),
    ('import os\nos._exit(7)', ['ends the whole program', '7']), ('x = 1', ['none of the functions', 'train_epoch']),
    ('x = bytearray(10**14)', ['MemoryError']), ('input()', ['EOFError']), ('import nowhere', ['nowhere'])])
def test_files_that_cannot_be_checked(checked, source, words): assert_refused(checked(source, '--seconds', 2), *words)


@pytest.mark.parametrize('source, words', [
    ('import os\nos._exit(7)', ['7']), ('x = bytearray(10**14)', ['MemoryError'])])
def test_a_new_interpreter_says_the_same(checked_anew, source, words):
    assert_refused(checked_anew(source, '--seconds', 2), *words)


def test_a_missing_file_and_a_broken_notebook(checked, capsys):
    with pytest.raises(SystemExit) as leaving: check_main(['nowhere.py'])
    assert leaving.value.code == 2 and 'There is no file nowhere.py' in capsys.readouterr().err
    assert_refused(checked('{"cells":', name='broken.ipynb'), 'broken.ipynb')
    assert_refused(checked('[]', name='broken.ipynb'), 'broken.ipynb')


@pytest.mark.parametrize('argv', [
    [], ['a.py', '--new', 'b.py'], ['a.py', '--seconds', '0'], ['a.py', '--seconds', 'nan'],
    ['--new', 'exercises.txt']])
def test_requests_that_make_no_sense(capsys, argv):
    with pytest.raises(SystemExit) as leaving: check_main(argv)
    assert leaving.value.code == 2 and re.fullmatch(r'fastsgd_check: [^\n]+\n', capsys.readouterr().err)


def test_one_bad_function_does_not_keep_others_from_being_checked(forked, tmp_path):
    (tmp_path/'bad.py').write_text(right + '''
import os, torch
def init_params(size, std=1.):
    while True: pass
def linear1(xb, weights, bias): os._exit(3)
def simple_net(xb, w1, b1, w2, b2): exit()
def mnist_loss(predictions, targets): return torch.zeros(10**14).mean()
def batch_accuracy(xb, yb): os.kill(os.getpid(), 9)
def validate_epoch(model, valid_dl): raise KeyError('nothing')
def calc_grad(xb, yb, model, loss_func): loss_func(model(xb), yb).backward()
''')
    report = check_file(tmp_path/'bad.py', seconds=2)
    found = {f.function: f.message for f in report.findings}
    assert sorted(report.passed) == ['calc_grad', 'mse'] and all(f.mistake is None for f in report.findings)
    assert 'endless loop' in found['init_params'] and 'status 3' in found['linear1'] and 'exit()' in found['simple_net']
    assert 'memory' in found['mnist_loss'] and 'ends the whole program' in found['batch_accuracy']
    assert 'line 10' in found['validate_epoch']


@pytest.mark.skipif(os.name != 'posix', reason='processes are counted as Unix does')
def test_no_process_is_left_behind(tmp_path):
    sleeper = 'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987)"])'
    (tmp_path/'sleeper.py').write_text(f'import subprocess, sys\n{sleeper}\nwhile True: pass\n')
    with pytest.raises(TimeoutError, match='endless loop'): check_file(tmp_path/'sleeper.py', seconds=1)
    for _ in range(50):
        seen = subprocess.run(['ps', '-A', '-o', 'args'], capture_output=True, text=True).stdout
        if 'time.sleep(987)' not in seen: return
        time.sleep(0.1)
    raise AssertionError('the process that the file started goes on')


# Files of exercises

@pytest.mark.parametrize('name', ['exercises.py', 'my exercises.ipynb'])
def test_new_exercises_are_not_written_yet(forked, name, tmp_path):
    report = check_file(new_exercises(tmp_path/name))
    assert [f.function for f in report.findings] == exercises
    assert {f.message for f in report.findings} == {'Not written yet.'}


@pytest.mark.parametrize('name', ['exercises.py', 'exercises.ipynb'])
def test_exercises_can_be_solved_one_by_one(forked, name, tmp_path):
    file, done = new_exercises(tmp_path/name), exercises[2:9:3]
    text = file.read_text()
    for n in done:
        old, new = stub(n), solution(n)
        if name.endswith('.ipynb'): old, new = (json.dumps(text.rstrip())[1:-1] for text in (old, new))
        assert text.count(old) == 1
        text = text.replace(old, new)
    file.write_text(text)
    report = check_file(file)
    assert report.passed == done and len(report.findings) == len(exercises) - len(done)


def test_a_function_that_calls_an_unwritten_one_says_so(checked):
    unwritten = stub('calc_grad').replace('mnist_loss', 'None')
    run = checked(imports + unwritten + solution('train_epoch').replace('= mnist_loss', '= None'))
    assert 'train_epoch: It calls calc_grad, which is not written yet.' in run.out


def test_new_exercises_run_as_they_are(tmp_path):
    file = new_exercises(tmp_path/'exercises.py')
    run = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0 and run.stdout.count('Not written yet.') == len(exercises)


@pytest.mark.parametrize('name', ['exercises.py', 'exercises.ipynb'])
def test_new_exercises_say_how_to_ask_for_more(tmp_path, name):
    text = new_exercises(tmp_path/name).read_text()
    assert 'report.hint()' in text and 'report.solution()' in text and text.count('report = check(') == len(exercises)


def test_nothing_is_written_over(capsys, tmp_path):
    (tmp_path/'mine.py').write_text('# mine')
    with pytest.raises(SystemExit) as leaving: check_main(['--new', str(tmp_path/'mine.py')])
    assert leaving.value.code == 2 and 'exists already' in capsys.readouterr().err
    assert (tmp_path/'mine.py').read_text() == '# mine'
