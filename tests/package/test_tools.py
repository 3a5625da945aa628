"The scripts for maintainers, and how tests are shared among the cores"
import importlib.util
import os
import signal
from types import SimpleNamespace

import forks
import pytest
from helpers import REPO, end, fork

for needed in 'nbformat', 'nbclient', 'nbdev', 'execnb':
    pytest.importorskip(needed, reason=f'{needed} comes with the dev extra')
if not (REPO/'tools'/'outputs.py').is_file(): pytest.skip('the tools are not beside the tests', allow_module_level=True)

import nbformat.v4 as nbf


def tool(name):
    spec = importlib.util.spec_from_file_location(name, REPO/'tools'/f'{name}.py')
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPO/'tools')  # where a script finds those beside it
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def outputs(): return tool('outputs')


table = 'tier     accuracy\nmanual   0.9650\nlearner  0.9650\nafter 65 steps, differing by 5.96e-08'


@pytest.mark.parametrize('a, b', [
    (table, table), ('', ''), ('loss 0.693147', 'loss 0.693148'), ('1.2345e-02', '1.2346e-02'),
    ('no more than 5.96e-08', 'no more than 1.2e-07'), ('tensor([0.12345, -3.0001])', 'tensor([0.12346, -3.0002])')])
def test_texts_that_differ_in_last_digits_are_the_same(outputs, a, b): assert outputs.same(a, b) and outputs.same(b, a)


@pytest.mark.parametrize('old, new', [
    ('learner', 'Learner'), ('65', '66'), ('0.9650', '0.9660'), ('manual   0.9650\n', ''), ('5.96e-08', '5.96e-02'),
    ('0.9650', 'nan'), ('0.9650', '-0.9650'), ('65', '65.5'), ('steps', 'step'), ('tier  ', 'tier')])
def test_any_other_change_is_noticed(outputs, old, new):
    changed = table.replace(old, new, 1)
    assert changed != table
    assert not outputs.same(table, changed) and not outputs.same(changed, table)


def cell(source, *texts):
    return nbf.new_code_cell(source, outputs=[nbf.new_output('stream', name='stdout', text=t) for t in texts])


def test_seconds_are_masked_in_timing_cells_only(outputs):
    said = 'took 1.25 of 3.5000 s\n'
    nb = nbf.new_notebook(cells=[cell('#| timing\nrace()', said), cell('race()', said)])
    masked, plain = outputs.texts(nb)
    assert '1.25' not in masked and '3.5000' in masked
    assert plain == said
    assert not outputs.same(plain, plain.replace('1.25', '2.25'))


def test_who_was_sooner_is_masked_in_timing_cells_only(outputs):
    sooner = 'mini-batches are there 2.73 times sooner.'
    later = 'mini-batches are not sooner, but take 1.10 times as long.'
    def said(source, *texts): return outputs.texts(nbf.new_notebook(cells=[cell(source, t) for t in texts]))
    a, b = said('#| timing\nrace()', sooner, later)
    assert a == b and 'mini-batches' in a
    a, b, never = said('#| timing\nrace()', sooner, later, 'mini-batches do not get there.')
    assert a != never
    a, b = said('race()', sooner, later)
    assert not outputs.same(a, b)


def test_text_printed_in_pieces_is_the_same_text(outputs):
    def said(*texts): return outputs.texts(nbf.new_notebook(cells=[cell('f()', *texts)]))
    pieces, whole = said('a\n', 'b\n'), said('a\nb\n')
    assert pieces == whole


def test_slow_cells_and_cells_switched_off_are_left_alone(outputs, monkeypatch, tmp_path):
    monkeypatch.setattr(outputs, 'fastai_path', lambda folder: tmp_path)
    assert [outputs.is_lesson(cell(s)) for s in ('1', '#| slow\n1', '#| eval: false\n1')] == [True, False, False]


def test_readme_is_the_home_page():
    readme = tool('readme')
    text, files = readme.readme(readme.read_nb(REPO/'nbs'/'index.ipynb'))
    assert (REPO/'README.md').read_text(encoding='utf-8') == text
    assert all(f.read_bytes() == picture for f, picture in files.items())


def test_texts_are_those_of_code_cells_without_pictures(outputs):
    shown = nbf.new_output('display_data', data={'text/plain': 'a figure', 'image/png': 'iVBOR'})
    nb = nbf.new_notebook(cells=[nbf.new_markdown_cell('prose'), nbf.new_code_cell('plot()', outputs=[shown])])
    assert [t.strip() for t in outputs.texts(nb)] == ['a figure']


ALL, PART = (getattr(pytest.Config.ArgsSource, name) for name in ('TESTPATHS', 'ARGS'))


@pytest.mark.parametrize('source, asked, workers', [
    (ALL, {}, 'many'), (ALL, dict(numprocesses=0), 0), (PART, {}, None), (ALL, dict(keyword='manual'), None),
    (ALL, dict(markexpr='not slow'), None), (ALL, dict(collectonly=True), None), (ALL, dict(usepdb=True), None)])
@pytest.mark.parametrize('within', ['a process of its own', 'a worker'])
def test_the_cores_share_all_tests_and_workers_share_none(pytestconfig, source, asked, workers, within):
    conftest = pytestconfig.pluginmanager.get_plugin(str(REPO/'tests/conftest.py'))
    usual = dict(numprocesses=None, dist='no', keyword='', markexpr='', collectonly=False, usepdb=False)
    config = SimpleNamespace(args_source=source, ArgsSource=pytest.Config.ArgsSource,
                             option=SimpleNamespace(**{**usual, **asked}))
    if within == 'a worker': config.workerinput = {}
    conftest.pytest_cmdline_main(config)
    many = workers == 'many' and within != 'a worker'
    expected = min(os.cpu_count(), 4) if many else asked.get('numprocesses')
    assert config.option.numprocesses == expected and config.option.dist == ('loadfile' if many else 'no')


# Processes that are forks

only_forks = pytest.mark.skipif(not forks.possible, reason='forks are for Linux')


@only_forks
@pytest.mark.parametrize('last, status, out', [
    ('', 0, 'word line\nlast\n'), ('sys.exit(4)', 4, 'word line\nlast\n'), ('sys.exit("no")', 1, 'word line\nlast\n'),
    ('1/0', 1, 'word line\nlast\n'), ('import os; os.abort()', -signal.SIGABRT, 'word line\n')])
def test_a_fork_ends_as_any_interpreter_does(last, status, out):
    code = f'import atexit, sys; atexit.register(print, "last"); print(sys.argv[1], input(), flush=True); {last}'
    process = fork(code, 'word')
    process.stdin.write('line\n')
    left = end(process)
    assert (left.status, left.out) == (status, out)


@only_forks
def test_a_fork_that_nobody_waits_for_keeps_no_other_from_its_end():
    gone, stays = fork('import time; time.sleep(.2)'), fork('import time; time.sleep(.4)')
    gone.life.close()
    assert end(stays).status == end(fork('pass')).status == 0
    gone.returncode = 0
