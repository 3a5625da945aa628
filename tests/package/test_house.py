"The rules of the house: one fact in one place, imports that point one way, lines that fit the page"
import ast
import json
import re
from collections import defaultdict

import pytest
from helpers import MODULES, REPO, syntax

NOTEBOOKS = sorted((REPO/'nbs').glob('*.ipynb'))
in_clone = pytest.mark.skipif(not NOTEBOOKS, reason='the notebooks are not here')


def package(): return {name: syntax(name) for name in MODULES}


# One fact in one place

def names_imported(tree):
    "(module, name) for each name that is imported from a module of ours"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or '').startswith('fastsgd')):
            yield from ((node.module or '', a.name) for a in node.names)


def private_names_of_others(tree):
    "Private names that a module imports from another of ours, or takes from it as module._name"
    imported = list(names_imported(tree))
    modules = {name for _, name in imported if name in MODULES}
    yield from (f'{module}.{name}' for module, name in imported if name.startswith('_') and not name.startswith('__'))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            if node.attr.startswith('_') and not node.attr.startswith('__'): yield f'{node.value.id}.{node.attr}'


not_yet = {}


@pytest.mark.parametrize('name', MODULES)
def test_no_module_takes_a_private_name_of_another(name):
    assert sorted({*private_names_of_others(syntax(name))}) == not_yet.get(name, [])


def test_private_names_that_are_taken_are_noticed():
    bad = ast.parse('from .manual import _check, mse\nfrom . import parity\nparity._archs\nparity.record\nx._own')
    assert list(private_names_of_others(bad)) == ['manual._check', 'parity._archs']


def bodies(tree):
    "(name, body) for each function of more than two statements, docstrings and annotations aside"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef): continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        if sum(isinstance(n, ast.stmt) for stmt in body for n in ast.walk(stmt)) > 2:
            yield node.name, '\n'.join(map(ast.unparse, body))


def twice(trees):
    "The functions whose bodies stand in several places"
    places = defaultdict(list)
    for module, tree in trees.items():
        for name, body in bodies(tree): places[body].append(f'{module}.{name}')
    return [names for names in places.values() if len(names) > 1]


def test_no_function_body_stands_twice(): assert twice(package()) == []


def test_bodies_that_stand_twice_are_noticed():
    f = 'def {}(x: int):\n    "{}"\n    y = x\n    y += 1\n    return y'
    assert twice(dict(a=ast.parse(f.format('f', 'one')), b=ast.parse(f.format('g', 'two')))) == [['a.f', 'b.g']]


def private_names(tree):
    "The private names that a module defines"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)): names = [node.name]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)): names = [n.id for n in ast.walk(node) if is_stored(n)]
        else: continue
        yield from (name for name in names if re.match('_[^_].*[^_]$', name))  # `_all_` is nbdev's


def is_stored(node): return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def of_several_modules(trees):
    "Private names that stand for something in more than one module"
    modules = defaultdict(set)
    for module, tree in trees.items():
        for name in private_names(tree): modules[name].add(module)
    return {name: sorted(found) for name, found in modules.items() if len(found) > 1}


several_still = 2  # to become fewer: each such name says too little of what it is


def test_private_names_say_what_they_are():
    found = of_several_modules(package())
    assert len(found) <= several_still, found


def test_private_names_of_several_modules_are_noticed():
    a = ast.parse('def _run(): pass\n_all_ = _a, _bb = 1, 2')
    b = ast.parse('class _run: pass\n_bb: int = 3\n_all_ = c = 4')
    assert of_several_modules(dict(a=a, b=b)) == {'_run': ['a', 'b'], '_bb': ['a', 'b']}


# One order

def modules_of(notebook):
    "The module that a notebook makes"
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    return re.findall(r'^#\|\s*default_exp ([\w.]+)', '\n'.join(''.join(c['source']) for c in cells), re.M)


road = {module: int(f.stem[:2]) for f in NOTEBOOKS if f.stem[:2] < '80' for module in modules_of(f)}


def ours_in(tree): return {module.split('.')[-1] or name for module, name in names_imported(tree)} & {*road}


def against_the_numbers(trees, road):
    "(module, another with a higher number that it imports), for modules of the road"
    return [(name, other) for name, tree in trees.items() if name in road
            for other in ours_in(tree) if road[other] > road[name]]


@in_clone
def test_imports_go_by_the_numbers(): assert against_the_numbers(package(), road) == []


@in_clone
def test_an_import_against_the_numbers_is_noticed():
    bad = ast.parse('from .learner import get_learner\nfrom . import data')
    assert against_the_numbers(dict(manual=bad), road) == [('manual', 'learner')]


@in_clone
def test_the_sidebar_goes_by_the_numbers():
    listed = re.findall(r'(\d\d_\w+)\.ipynb', (REPO/'nbs/sidebar.yml').read_text(encoding='utf-8'))
    assert listed == sorted(listed) == [f.stem for f in NOTEBOOKS if f.stem[:2].isdigit()]


@in_clone
def test_the_table_of_the_road_goes_by_the_numbers():
    table = [line for line in (REPO/'README.md').read_text(encoding='utf-8').splitlines() if line.startswith('|')]
    listed = [page for line in table for page in re.findall(r'nbs/(\d\d_\w+)\.ipynb', line)]
    assert listed == [f.stem for f in NOTEBOOKS if f.stem[:2].isdigit() and f.stem[:2] < '80']


def minutes(notebook):
    "For reading a page: 200 words and 12 lines of code a minute"
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    words = sum(len(''.join(c['source']).split()) for c in cells if c['cell_type'] == 'markdown')
    code = [''.join(c['source']) for c in cells if c['cell_type'] == 'code']
    lines = [line for s in code if shown(s) and not re.search(r'^#\|\s*(code-fold|folded)', s, re.M)
             for line in s.splitlines() if line.strip() and not line.startswith('#|')]
    return words/200 + len(lines)/12


@in_clone
def test_the_table_of_the_road_says_how_long_a_page_takes():
    table = re.findall(r'nbs/(\d\d_\w+)\.ipynb\) \| (\d+) \|', (REPO/'README.md').read_text(encoding='utf-8'))
    told = {page: int(n) for page, n in table if page != '23_exercises'}  # where one writes, and does not read
    assert len(told) > 12
    off = {page: (n, minutes(REPO/'nbs'/f'{page}.ipynb')) for page, n in told.items()}
    assert {page: pair for page, pair in off.items() if abs(pair[0] - pair[1]) > 4} == {}


# Lines

def wide(lines, limit): return [line for line in lines if len(line) > limit]


def shown(cell):
    "Whether a page shows a cell's source"
    return not re.search(r'^#\|\s*(hide|exporti|export\s*$|echo: false)', cell, re.M)


@in_clone
@pytest.mark.parametrize('notebook', NOTEBOOKS, ids=lambda f: f.stem)
def test_code_fits_the_page(notebook):
    cells = json.loads(notebook.read_text(encoding='utf-8'))['cells']
    sources = [''.join(c['source']) for c in cells if c['cell_type'] == 'code']
    found = [line for s in sources for line in wide(s.splitlines(), 100 if shown(s) else 120)]
    assert [line for line in found if not line.startswith('#|')] == []


wide_files = {'test_serve.py'}  # whose lines are still to be broken


@in_clone
@pytest.mark.parametrize('folder', ['tests', 'tools'])
def test_lines_are_not_too_long_to_read(folder):
    found = {f'{f.relative_to(REPO)}:{i}' for f in (REPO/folder).rglob('*.py') if f.name not in wide_files
             for i, line in enumerate(f.read_text(encoding='utf-8').splitlines(), 1) if len(line) > 120}
    assert found == set()
