"What the package says about itself, and what goes into it"
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
if not (REPO/'setup.py').is_file(): pytest.skip('the sources are not beside the tests', allow_module_level=True)
setuptools = pytest.importorskip('setuptools', reason='setuptools builds the package')


@pytest.fixture
def said(monkeypatch):
    "What setup.py hands to setuptools"
    said = {}
    monkeypatch.setattr(setuptools, 'setup', lambda **about: said.update(about))
    monkeypatch.chdir(REPO)
    runpy.run_path('setup.py')
    return said


def test_nbdev_3_reads_what_settings_say():
    run = subprocess.run([sys.executable, 'tools/nbdev3.py', '--check'], cwd=REPO, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_links_of_the_readme_lead_somewhere_from_the_package_index_too(said):
    links = re.findall(r'(!?)\[[^]]*\]\(([^)]+)\)', said['long_description'])
    assert len(links) > 10 and all(link.startswith('https://') for _, link in links)
    pages = 'https://github.com/fastsgd/fastsgd/blob/main/'
    raw = 'https://raw.githubusercontent.com/fastsgd/fastsgd/main/'
    ours = [(picture, link) for picture, link in links if link.startswith((pages, raw))]
    assert {link.startswith(raw) for picture, link in ours if picture} == {True}
    assert {link.startswith(pages) for picture, link in ours if not picture} == {True}
    assert [link for _, link in ours if not (REPO/link.partition('/main/')[2]).is_file()] == []


def test_all_files_of_the_package_are_installed(said):
    package = REPO/'fastsgd'
    kept = {f for pattern in said['package_data']['fastsgd'] for f in package.glob(pattern)}
    ours = {f for f in package.rglob('*') if f.is_file() and f.suffix != '.py' and '__pycache__' not in f.parts}
    assert package/'py.typed' in kept and ours <= kept
    modules = {'.'.join(f.parent.relative_to(REPO).parts) for f in package.rglob('*.py')}
    assert modules <= set(said['packages'])


def test_who_learns_has_what_every_chapter_needs(said):
    extras = said['extras_require']
    assert 'fastsgd[scale,serve]' in extras['learn'] and {'scale', 'serve'} <= set(extras)
