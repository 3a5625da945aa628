"The checker inside of what teachers and programmers test with: pytest, otter-grader, nbgrader"
import json
import os
import subprocess
import sys
from textwrap import indent

import pytest
from helpers import end, fork

right = 'def mse(preds, targets): return ((preds - targets)**2).mean()\n'
wrong = right.replace('mean', 'sum')
cell = 'from fastsgd.check import check\n\nreport = check(mse=mse)\nassert report.ok, report'


def test_pytest_says_which_mistake_it_is(tmp_path):
    for name, source in dict(right=right, wrong=wrong).items():
        (tmp_path/f'{name}_loop.py').write_text(source)
        test = f'from {name}_loop import mse\n\ndef test_mse():\n{indent(cell, "    ")}\n'
        (tmp_path/f'test_{name}.py').write_text(test)
    options = ['-q', '-p', 'no:cacheprovider', '--rootdir', str(tmp_path), str(tmp_path)]
    run = end(fork(f'import pytest, sys; sys.exit(pytest.main({options}))'))
    assert run.status == 1 and '1 failed, 1 passed' in run.out
    assert 'mse: loss-summed' in run.out and 'The loss is a sum' in run.out


TESTS = dict(raises='''from otter.test_files import test_case

OK_FORMAT = False
name = 'raises'
points = 2

@test_case(points=2)
def test_mse(env):
    mse = env['mse']
''' + indent(cell, '    '), prints='''OK_FORMAT = True
code = ">>> from fastsgd.check import check\\n>>> check(mse=mse)\\nmse: right"
case = dict(code=code, hidden=False, locked=False)
test = dict(name='prints', points=2, suites=[dict(type='doctest', scored=True, setup='', teardown='', cases=[case])])
''')


@pytest.mark.parametrize('name', TESTS)
def test_otter_grades_with_it(name, tmp_path, monkeypatch):
    otter = pytest.importorskip('otter', reason='needs otter-grader')
    monkeypatch.chdir(tmp_path)  # it keeps a log
    (tmp_path/f'{name}.py').write_text(TESTS[name])
    notebook = otter.Notebook(tests_dir=str(tmp_path))
    grades = []
    for source in right, wrong:
        space = {}
        exec(source, space)
        grades.append(notebook.check(name, global_env=space))
    assert [g.grade for g in grades] == [1, 0] and 'mse: loss-summed' in repr(grades[1])


def test_nbgrader_grades_with_it(tmp_path):
    pytest.importorskip('nbgrader', reason='needs nbgrader')
    def course(command, *args):
        env = {**os.environ, 'PATH': f'{os.path.dirname(sys.executable)}{os.pathsep}{os.environ["PATH"]}'}
        command = [sys.executable, '-m', 'nbgrader', command, *args, '--CourseDirectory.course_id=course']
        subprocess.run(command, cwd=tmp_path, env=env, check=True, capture_output=True, timeout=200)
    written = write_notebook(tmp_path/'source/one', right)
    course('generate_assignment', 'one', '--create')
    assert 'NotImplementedError' in (tmp_path/'release/one'/written.name).read_text()
    for name, source in dict(ada=right, bob=wrong).items(): write_notebook(tmp_path/'submitted'/name/'one', source)
    course('autograde', 'one', '--create')
    course('export')
    heads, *rows = (line.split(',') for line in (tmp_path/'grades.csv').read_text().splitlines())
    assert [float(row[heads.index('score')]) for row in rows] == [4, 0]
    assert 'mse: loss-summed' in (tmp_path/'autograded/bob/one'/written.name).read_text()


def write_notebook(folder, solution):
    "A notebook with a solution, a test that raises, and one that gives points"
    def graded(id, source, **more):
        about = dict(schema_version=3, grade_id=id, locked=False, solution=False, grade=False, task=False)
        return dict(cell_type='code', id=id, source=source, outputs=[], execution_count=None,
                    metadata=dict(nbgrader=about | more))
    cells = [graded('mse', f'### BEGIN SOLUTION\n{solution}### END SOLUTION', solution=True),
             graded('raises', cell, grade=True, locked=True, points=2),
             graded('counts', '2*len(check(mse=mse).passed)', grade=True, locked=True, points=2)]
    kernel = dict(kernelspec=dict(name='python3', display_name='Python 3', language='python'))
    folder.mkdir(parents=True)
    (folder/'loop.ipynb').write_text(json.dumps(dict(cells=cells, metadata=kernel, nbformat=4, nbformat_minor=5)))
    return folder/'loop.ipynb'
