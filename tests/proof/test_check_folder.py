"`fastsgd_check` with many files: what is checked, the table, what is written, how it ends"
import csv
import json
import os
import re
import signal
import subprocess
import time
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from helpers import end, fork, start

from fastsgd import check
from fastsgd.checker.folder import junit, outcome, rows_of
from fastsgd.cli import check_main

right = 'def mse(preds, targets): return ((preds - targets)**2).mean()\n'
summed = right.replace('mean', 'sum')
unwritten = 'def linear1(xb, weights, bias): raise NotImplementedError\n'
unnamed = 'def simple_net(xb, w1, b1, w2, b2): return xb.nowhere\n'


@pytest.fixture
def checked(forked, capsys, tmp_path, monkeypatch):
    "Run the command in this process, in a folder with some files"
    monkeypatch.chdir(tmp_path)
    def run(files, *argv):
        for name, source in files.items():
            (tmp_path/name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path/name).write_text(source)
        with pytest.raises(SystemExit) as leaving: check_main([*map(str, argv)])
        out, err = capsys.readouterr()
        return SimpleNamespace(status=leaving.value.code, out=out, err=err, rows=[*map(str.split, out.splitlines())])
    return run


def test_a_folder_gives_a_table(checked):
    run = checked({'hw/b.py': summed, 'hw/a.py': right + unwritten, 'hw/c/d.py': unnamed}, 'hw')
    assert run.status == 1 and run.err == '' and run.rows == [
        ['file', 'function', 'verdict'], ['hw/a.py', 'mse', 'right'], ['hw/a.py', 'linear1', 'not', 'written', 'yet'],
        ['hw/b.py', 'mse', 'loss-summed'], ['hw/c/d.py', 'simple_net', 'wrong'],
        '3 files: 0 right, 3 with mistakes, 0 not checked'.split()]


def test_files_folders_and_patterns_go_together(checked):
    files = {'a/1.py': right, 'a/2.py': right, 'b/3.py': right, 'c/4.py': right, 'c/5.txt': 'no code'}
    run = checked(files, 'c', 'a/*.py', 'b/3.py', 'a/1.py')
    assert run.status == 0 and [row[0] for row in run.rows[1:-1]] == ['c/4.py', 'a/1.py', 'a/2.py', 'b/3.py']


def test_hidden_files_and_what_others_keep_are_left_out(checked):
    files = {'a.py': right, '.ipynb_checkpoints/a.py': summed, '__pycache__/b.py': summed, '_old/c.py': summed}
    assert [row[0] for row in checked(files, '.').rows[1:-1]] == ['a.py']


@pytest.mark.parametrize('argv, words', [
    (['hw', 'nowhere.py'], 'There is no file nowhere.py'), (['empty'], 'nothing to check in empty'),
    (['hw/*.ipynb'], 'No file is called like hw/*.ipynb'), (['hw', '--hint'], 'for one file'),
    (['hw', '--solution'], 'for one file'), (['hw', '--jobs', '0'], 'whole number'),
    (['hw', '--new', 'b.py'], '--new')])
def test_requests_that_make_no_sense(checked, tmp_path, argv, words):
    (tmp_path/'empty').mkdir()
    run = checked({'hw/a.py': right}, *argv)
    assert run.status == 2 and run.out == '' and re.fullmatch(r'fastsgd_check: [^\n]+\n', run.err) and words in run.err


def test_one_bad_file_does_not_stop_the_rest(checked, tmp_path):
    bad = dict(ends='import os\nos._exit(7)\n', loops='while True: pass\n', stops='def mse(preds targets):\n',
               greedy='x = bytearray(10**14)\n', empty='', kills='import os\nos.kill(os.getppid(), 9)\n')
    run = checked({f'{name}.py': source for name, source in bad.items()} | {'good.py': right, 'hangs.py': summed + '''
def linear1(xb, weights, bias):
    while True: pass
'''}, '.', '--seconds', 1, '--json', 'all.json')
    rows = {row[0]: row[1:] for row in run.rows}
    assert rows['good.py'] == ['mse', 'right']
    assert rows['hangs.py'] == ['linear1', 'wrong'] and run.out.count('hangs.py') == 2
    failed = {f['file']: f['failed'] for f in json.loads((tmp_path/'all.json').read_text())['files'] if 'failed' in f}
    for name, words in dict(ends='status 7', loops='endless loop', stops='SyntaxError', greedy='MemoryError',
                            empty='none of the functions', kills='ends the processes').items():
        assert words in failed[f'{name}.py']
    assert run.status == 2
    assert 'files could not be checked' in run.err


def test_files_do_not_know_of_each_other(checked):
    meddles = 'import torch\ntorch.set_default_dtype(torch.float64)\nTensor = torch.Tensor\ndel torch.Tensor.relu\n'
    relu = 'def simple_net(xb, w1, b1, w2, b2): return (xb @ w1 + b1).relu() @ w2 + b2\n'
    run = checked({'a.py': meddles + right, 'b.py': right + relu}, '.', '--jobs', 1)
    assert run.status == 0, run.out


def test_what_is_written_says_the_same(checked, tmp_path):
    files = {'a.py': right, 'b.py': summed + unwritten, 'c.py': 'import sys; sys.exit()', 'é.py': unnamed}
    run = checked(files, '.', '--csv', 'a.csv', '--junit', 'a.xml', '--json', 'a.json')
    assert run.status == 2 and 'c.py' in run.err
    table = [row[:2] for row in run.rows[1:-1] if row[1] != 'not']
    lines = list(csv.DictReader((tmp_path/'a.csv').read_text(encoding='utf-8').splitlines()))
    found = [[line['file'], line['function']] for line in lines if line['function']]
    assert found == [row for row in table if row[0] != 'c.py']
    assert {line['verdict'] for line in lines} == {'right', 'loss-summed', 'not written yet', 'not checked', 'wrong'}
    assert all(bool(line['message']) == (line['verdict'] != 'right') for line in lines)
    suites = ElementTree.parse(tmp_path/'a.xml').getroot()
    assert [(s.get('name'), s.get('tests'), s.get('failures'), s.get('errors')) for s in suites] == [
        ('a.py', '1', '0', '0'), ('b.py', '2', '2', '0'), ('c.py', '1', '0', '1'), ('é.py', '1', '1', '0')]
    reports = json.loads((tmp_path/'a.json').read_text())
    assert [f['ok'] for f in reports['files']] == [True, False, False, False] and not reports['ok']
    assert reports['files'][1]['findings'][0]['mistake'] == 'loss-summed'


def test_one_file_may_have_a_csv_too(checked, tmp_path):
    run = checked({'a.py': right}, './a.py', '--csv', 'a.csv')
    assert run.status == 0 and run.out.startswith('mse: right\n') and 'a.py,mse,right' in (tmp_path/'a.csv').read_text()


def test_two_mistakes_are_two_rows_and_one_test(checked, tmp_path):
    run = checked({'a.py': summed.replace('.sum()', '.sum()/2')}, '.', '--junit', 'a.xml')
    assert [row[2] for row in run.rows[1:-1]] == ['loss-summed', 'loss-halved']
    suite, = ElementTree.parse(tmp_path/'a.xml').getroot()
    assert suite.get('tests') == '1' and suite.get('failures') == '2'


adam = """
import torch
def fit(model, loader, loss_fn):
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    model.train()
    for xb, yb in loader:
        loss = loss_fn(model(xb), yb)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
"""


def test_loops_of_any_form_are_in_the_table(checked, tmp_path):
    files = {'a.py': adam.replace('        optimizer.zero_grad()\n', ''), 'b.py': adam}
    run = checked(files, '.', '--junit', 'a.xml')
    assert run.status == 1 and ['a.py', 'fit', 'gradients-not-zeroed'] in run.rows, run.out
    assert [row for row in run.rows if row[0] == 'b.py' and row[2][:5] != 'right'] == []


def test_who_writes_loops_misses_no_exercise(checked):
    run = checked({'a.py': adam}, 'a.py')
    assert run.status == 0 and 'fit: right' in run.out and 'not in the file' not in run.out


def test_notes_are_no_failures(checked):
    note = check.Finding('fit', 'no-grad-missing', 'It keeps a graph.', kind='note')
    report = check.Report(passed=['fit'], findings=[note])
    result = dict(file='a.py', report=report.to_dict(), rows=report.rows())
    assert [row['verdict'] for row in rows_of([result])] == ['right', 'right, note: no-grad-missing']
    assert outcome(result) == 0 and '<failure' not in junit([result]) and 'failures="0"' in junit([result])


def test_a_fault_of_the_checker_is_told_after_the_rest(checked):
    run = checked({'a.py': 'import sys, fastsgd.check\nsys.modules["fastsgd.check"]._check_function = None\n' + right,
                   'b.py': right}, '.')
    assert run.status == 3 and ['b.py', 'mse', 'right'] in run.rows and ['a.py', 'not', 'checked'] in run.rows
    assert 'The checker itself failed with a.py' in run.err


def test_where_processes_cannot_copy_themselves(tmp_path):
    names = [tmp_path/name for name in 'ab']
    for name, source in zip(names, (right, summed)): name.with_suffix('.py').write_text(source)
    files = [str(name.with_suffix('.py')) for name in names]
    code = f"""
from fastsgd.check import begin_anew, report_on
from fastsgd.checker.folder import serve
serve(report_on, None, begin_anew, lambda files, seed: None, {str(tmp_path)!r}, {files}, 20, 0, 2, copies=False)"""
    assert end(fork(code)).status == 0
    results = [json.loads((tmp_path/f'{i}.json').read_text()) for i in range(2)]
    assert [r['report']['ok'] for r in results] == [True, False] and results[1]['rows'][0][1] == 'loss-summed'


def test_processes_that_are_no_copies_are_not_left_behind_either(tmp_path):
    endless = tmp_path/'endless.py'
    endless.write_text('open(__file__ + ".begun", "w")\nwhile True: pass\n')
    code = f"""
from fastsgd.check import begin_anew, report_on
from fastsgd.checker.folder import serve
files = [{str(endless)!r}]*3
serve(report_on, None, begin_anew, lambda files, seed: None, {str(tmp_path)!r}, files, 60, 0, 1, copies=False)"""
    process = fork(code)
    wait_until((tmp_path/'endless.py.begun').exists)
    assert left_of(tmp_path)
    process.terminate()
    end(process)
    assert not left_of(tmp_path)


def test_the_process_that_waits_does_without_pytorch():
    run = end(start('import sys, fastsgd.cli; print("torch" in sys.modules)'))
    assert run.out == 'False\n'


@pytest.mark.skipif(os.name != 'posix', reason='signals are sent as Unix does')
def test_no_process_is_left_behind_when_it_is_interrupted(tmp_path):
    for name in ('a.py', 'b.py'): (tmp_path/name).write_text('open(__file__ + ".begun", "w")\nwhile True: pass\n')
    code = f'from fastsgd.cli import check_main; check_main([{str(tmp_path)!r}, "--jobs", "2", "--seconds", "60"])'
    process = start(code)
    wait_until(lambda: len(list(tmp_path.glob('*.begun'))) == 2)
    assert left_of(tmp_path) == 6  # the command, what has imported PyTorch, and for each file two copies of it
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130 and 'interrupted' in process.stderr.read()
    assert left_of(tmp_path) == 0


def left_of(folder):
    "How many processes have a folder in their arguments"
    ps = subprocess.run(['ps', '-Awwo', 'args'], capture_output=True, text=True)
    return sum(str(folder) in line for line in ps.stdout.splitlines())


def wait_until(condition):
    for _ in range(1000):
        if condition(): return
        time.sleep(0.05)
    raise AssertionError('it never was so')
