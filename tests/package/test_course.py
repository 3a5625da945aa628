"The chapters that travel in the package, and the folder that `fastsgd_course` makes of them"
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest
from helpers import REPO

from fastsgd.course import course_main

SOURCES = 'setup.py settings.ini pyproject.toml MANIFEST.in README.md LICENSE fastsgd nbs'.split()
command = 'from fastsgd.course import course_main; course_main()'


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    "A folder with what the wheel holds; nothing where an installed package is tested"
    if not (REPO/'setup.py').is_file(): return None
    source, built = (tmp_path_factory.mktemp(name) for name in ('source', 'built'))
    for name in SOURCES:
        copy = shutil.copytree if (REPO/name).is_dir() else shutil.copy
        copy(REPO/name, source/name)
    build = [sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation', '--no-index', '-w', built]
    done = subprocess.run([*build, source], capture_output=True, text=True)
    if 'No module named pip' in done.stderr: pytest.skip('pip builds the wheel, and is not here')
    assert done.returncode == 0, done.stderr
    wheel, = built.glob('*.whl')
    with zipfile.ZipFile(wheel) as z: z.extractall(built/'site')
    return built/'site'


@pytest.fixture(scope='module')
def env(installed):
    where = {'PYTHONPATH': str(installed)} if installed else {}
    return {**os.environ, **where, 'OMP_NUM_THREADS': '1'}


@pytest.fixture(scope='module')
def course(env, tmp_path_factory):
    "The folder that a learner gets"
    here = tmp_path_factory.mktemp('learner')
    words = [sys.executable, '-c', command, 'my_course']
    done = subprocess.run(words, cwd=here, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == '' and 'jupyter lab my_course' in done.stdout
    return here/'my_course'


def cells(file): return json.loads(file.read_text(encoding='utf-8'))['cells']


def test_all_chapters_and_the_exercises_are_there(course):
    found = {f.name for f in course.glob('*.ipynb')}
    assert {'index.ipynb', 'glossary.ipynb', 'numbers.ipynb', 'exercises.ipynb', '01_data.ipynb'} <= found
    if (REPO/'nbs').is_dir(): assert {f.name for f in (REPO/'nbs').glob('[0-7]*.ipynb')} <= found
    assert not [name for name in found if name[0] in '89']


def test_the_chapters_are_light(installed):
    if not installed: pytest.skip('the wheel is built from the sources, which are not here')
    files = [*(installed/'fastsgd/chapters').iterdir()]
    assert sum(f.stat().st_size for f in files) < 2e6
    assert not [f.name for f in files if f.suffix == '.ipynb' for c in cells(f) if c.get('outputs')]


def test_links_lead_to_files_of_the_folder_or_to_the_site(course):
    links = [(f.name, link) for f in course.glob('*.ipynb') for c in cells(f) if c['cell_type'] == 'markdown'
             for link in re.findall(r'\]\(([^)\s]+)\)', ''.join(c['source']))]
    assert len(links) > 100
    assert [x for x in links if not x[1].startswith(('https://', 'http://', '#'))
            and not (course/x[1].partition('#')[0]).is_file()] == []
    assert any(link.startswith('https://fastsgd.github.io/fastsgd/check.html') for _, link in links)


def test_no_word_for_nbdev_is_left(course):
    assert [(f.name, c['source'][:60]) for f in course.glob('*.ipynb') for c in cells(f)
            if re.search(r'^#\|', ''.join(c['source']), re.M)] == []


def test_solutions_are_folded(course):
    solutions = [c for c in cells(course/'23_exercises.ipynb') if ''.join(c['source']).startswith('# A solution')]
    assert len(solutions) > 10
    assert all(c['metadata']['jupyter'] == dict(source_hidden=True, outputs_hidden=True) for c in solutions)


@pytest.mark.parametrize('name', ['11_manual.ipynb', 'exercises.ipynb'])
def test_a_chapter_runs_where_only_the_package_is(course, env, name):
    nbformat = pytest.importorskip('nbformat', reason='nbclient runs notebooks: it comes with the dev extra')
    nbclient = pytest.importorskip('nbclient', reason='nbclient runs notebooks: it comes with the dev extra')
    nb = nbformat.read(course/name, as_version=4)
    client = nbclient.NotebookClient(nb, timeout=300, kernel_name='python3', extra_arguments=['--log-level=ERROR'],
                                     resources={'metadata': {'path': str(course)}})
    client.execute(env=env)
    assert any(c.outputs for c in nb.cells if c.cell_type == 'code')


# What is refused

def refused(capsys, folder):
    "The line in which the command refuses a folder"
    with pytest.raises(SystemExit) as leaving: course_main([str(folder)])
    line = capsys.readouterr().err
    assert leaving.value.code == 2 and re.fullmatch(r'fastsgd_course: [^\n]+\n', line)
    return line


def test_nothing_is_written_over(capsys, tmp_path):
    (tmp_path/'01_data.ipynb').write_text('mine')
    assert 'name a new folder' in refused(capsys, tmp_path)
    assert 'name a new folder' in refused(capsys, tmp_path/'01_data.ipynb')
    assert [f.read_text() for f in tmp_path.iterdir()] == ['mine']


def test_without_a_folder_it_asks_for_one(capsys):
    with pytest.raises(SystemExit) as leaving: course_main([])
    assert leaving.value.code == 2 and 'such as my_course' in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_refused(capsys, tmp_path):
    (tmp_path/'file').write_text('')
    assert 'name another folder' in refused(capsys, tmp_path/'file'/'course')


def test_an_installation_without_chapters_says_so(capsys, monkeypatch, tmp_path):
    import fastsgd
    monkeypatch.setattr(fastsgd, '__file__', str(tmp_path/'fastsgd/__init__.py'))
    assert 'install it again' in refused(capsys, tmp_path/'course') and not (tmp_path/'course').exists()
