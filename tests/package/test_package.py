"What importing costs, who may import whom, what is documented, and what gets installed"
import ast
import importlib
import inspect
import os
import re
import sys
import textwrap
from configparser import ConfigParser
from functools import cached_property
from importlib import metadata

import pytest
import torch
from helpers import MODULES, REPO, end, start, syntax
from fastcore.docments import docments

import fastsgd

# Later ones may import earlier ones
road = ('guards options show diff sources data descent manual modules learner archs '
        'prints hooks parity checker.loopnames checker.roles checker.standins checker.problem '
        'checker.traces checker.judging watch exercises checker.programs checker.witnesses checker.observers '
        'checker.fitting mistakes checker.matching checker.words checker.apart checker.folder '
        'checker.reading checker.reported checker.effects checker.loops check '
        'speed machine ladder scale growth vision model serve widgets cli course').split()
# Where a distribution is called otherwise
import_names = {'PIL': 'pillow'}


def imports(name):
    "What a module imports, also inside functions: (from where, names); our own modules start with a dot"
    for node in ast.walk(syntax(name)):
        if isinstance(node, ast.Import): yield from ((a.name, ()) for a in node.names)
        if isinstance(node, ast.ImportFrom):
            names, module = [a.name for a in node.names], absolute(node, name)
            if f'{module[1:]}.{names[0]}' in MODULES or module == '.':
                yield from ((f'{module}.{n}'.replace('..', '.'), ()) for n in names)
            else: yield module, names


def absolute(node, name):
    "The module that an import names: our own start with a dot, wherever it stands"
    if not node.level: return re.sub(r'^fastsgd(\.|$)', '.', node.module)
    folder = name.split('.')[:-node.level]
    return '.' + '.'.join([*folder, *([node.module] if node.module else [])])


def ours_in(name): return {module[1:] for module, _ in imports(name) if module[0] == '.'}


def others(name): return {module.split('.')[0] for module, _ in imports(name) if module[0] != '.'}


def test_the_manual_tier_loads_neither_fastai_nor_plots_nor_tables():
    heavy = {'fastai', 'fastcore', 'matplotlib', 'pandas', 'mlxtend'}
    run = end(start(f'import sys, fastsgd.manual; print(sorted({heavy} & set(sys.modules)))'))
    assert run.status == 0 and run.err == '' and run.out == '[]\n'


def test_importing_says_nothing_and_needs_no_extra():
    modules = ', '.join(f'fastsgd.{name}' for name in road if name != 'vision')  # which needs a torchvision that fits
    extra = ['accelerate', 'safetensors', 'uvicorn']
    run = end(start(f'import sys; sys.modules.update(dict.fromkeys({extra})); import {modules}'))
    assert run.status == 0 and run.out == run.err == ''


def test_pages_that_nbdev_runs_side_by_side_use_a_thread_each(monkeypatch):
    wanted = []
    monkeypatch.setattr(torch, 'set_num_threads', wanted.append)
    def imported_again(**env):
        for name in ('IN_TEST', 'OMP_NUM_THREADS'): monkeypatch.delenv(name, raising=False)
        for name, value in env.items(): monkeypatch.setenv(name, value)
        importlib.reload(fastsgd)
        return os.environ.get('OMP_NUM_THREADS')
    assert imported_again() is None and imported_again(IN_TEST='1', OMP_NUM_THREADS='3') == '3' and not wanted
    assert imported_again(IN_TEST='1') == '1' and wanted == [1]


def closure(name):
    "A module of ours and all of ours that it imports, themselves or through others"
    return {name}.union(*map(closure, ours_in(name)))


def test_the_manual_tier_stands_on_torch_and_guards_alone():
    assert closure('manual') == {'manual', 'guards'}
    assert set().union(*map(others, closure('manual'))) - sys.stdlib_module_names == {'torch'}


def test_vision_alone_needs_torchvision():
    heavy = ('torchvision', 'fastai.vision')
    def needs(name): return any(module.startswith(heavy) for module, _ in imports(name))
    assert list(filter(needs, MODULES)) == ['vision']


def test_diff_stands_on_the_standard_library():
    assert closure('diff') == {'diff', 'guards'} and not others('diff') - sys.stdlib_module_names


@pytest.mark.parametrize('name', MODULES)
def test_imports_point_down_the_road(name):
    assert name in road, f'{name} has no place in the list above'
    assert ours_in(name) <= set(road[:road.index(name)])


@pytest.mark.parametrize('name', MODULES)
def test_no_star_imports_between_our_modules(name):
    assert not [module for module, names in imports(name) if module[0] == '.' and '*' in names]


# Documentation

def gives_something(f):
    "Whether a function returns a value"
    tree = ast.parse(textwrap.dedent(inspect.getsource(f)))
    return any(isinstance(n, ast.Return) and n.value and ast.unparse(n.value) != 'None' for n in ast.walk(tree))


def own_methods(cls):
    "The public methods and properties that a class defines itself, as functions"
    for name, m in vars(cls).items():
        if name.startswith('_'): continue
        f = m.fget if isinstance(m, property) else m.func if isinstance(m, cached_property) else m
        if inspect.isfunction(f): yield name, f, any(hasattr(base, name) for base in cls.__mro__[1:])


def unexplained(name, thing):
    "Parameters without a comment"
    docs = docments(thing, full=True)
    for p in inspect.signature(thing).parameters.values():
        named = p.name != 'self' and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        if named and not docs[p.name]['docment']: yield f'{name}: {p.name} is not explained'


def undocumented(name, f, inherited=False):
    "What a function leaves unsaid"
    if not inspect.getdoc(f): yield f'{name} has no docstring'
    if inherited: return  # means what it means in the base class
    yield from unexplained(name, f)
    if gives_something(f) and not docments(f, full=True)['return']['docment']:
        yield f'{name}: what it returns is not explained'


def gaps(name, thing):
    "What a public name leaves unsaid"
    if inspect.isfunction(thing): yield from undocumented(name, thing)
    if inspect.isclass(thing):
        doc = vars(thing)['__doc__']
        of_dataclass = doc and doc.startswith(f'{thing.__name__}(')  # which writes one where there is none
        if not doc or of_dataclass: yield f'{name} has no docstring'
        if not issubclass(thing, BaseException): yield from unexplained(name, thing)  # an error takes its message
        for method, f, inherited in own_methods(thing): yield from undocumented(f'{name}.{method}', f, inherited)


def module_or_skip(name):
    "A module of ours; vision needs a torchvision that imports"
    try: return importlib.import_module(f'fastsgd.{name}')
    except ImportError as e:
        if name != 'vision': raise
        pytest.skip(str(e))


@pytest.mark.parametrize('name', MODULES)
def test_everything_public_is_documented(name):
    module = module_or_skip(name)
    assert module.__doc__ and module.__all__
    assert [gap for n in module.__all__ for gap in gaps(n, getattr(module, n))] == []


@pytest.mark.parametrize('name, promised', [
    ('data', 'load_digits DigitData get_dls'), ('descent', 'quadratic mse fit_quadratic gradient_descent'),
    ('manual', 'init_params linear1 simple_net mnist_loss batch_accuracy calc_grad '
               'train_epoch validate_epoch train_model'),
    ('modules', 'linear_model simple_net BasicOptim train_epoch validate_epoch train_model'),
    ('learner', 'get_learner'),
    ('parity', 'compare_tiers assert_same_training TierComparison'),
    ('watch', 'watch compare save_run load_run'), ('check', 'check Report mistakes'),
    ('speed', 'race time_epochs'), ('model', 'Model as_model save_model load_model prepare train_digits'),
    ('serve', 'as_model save_model load_model make_app serve'),
    ('vision', 'export_images image_learner one_cycle train_one_cycle small_cnn few_images transfer'),
    ('widgets', 'Widget descent_surface batch_by_batch draw_digit three_curves')])
def test_promised_names_are_public(name, promised):
    assert set(promised.split()) <= set(module_or_skip(name).__all__)


def test_gaps_in_the_documentation_are_noticed():
    from fastsgd.manual import linear1
    def bare(x): return x
    def half(
        x, # explained
        y
    ) -> float: # something
        "Half explained"
        return x + y
    assert list(gaps('linear1', linear1)) == []
    assert len(list(gaps('bare', bare))) == 3
    assert list(gaps('half', half)) == ['half: y is not explained']


# Installation

@pytest.fixture
def installed():
    try: return metadata.distribution('fastsgd')
    except metadata.PackageNotFoundError: pytest.skip('fastsgd is not installed here, only importable')


def test_the_command_is_installed(installed):
    from fastsgd.cli import bench_main, check_main, main, race_main, serve_main, watch_main
    from fastsgd.course import course_main
    commands = {e.name: e for e in installed.entry_points if e.group == 'console_scripts'}
    ours = dict(fastsgd=main, fastsgd_check=check_main, fastsgd_race=race_main, fastsgd_bench=bench_main,
                fastsgd_serve=serve_main, fastsgd_watch=watch_main, fastsgd_course=course_main)
    assert {name: e.load() for name, e in commands.items()} == ours


def test_nbdev_finds_the_index_of_names(installed):
    index, = (e for e in installed.entry_points if e.group == 'nbdev')
    assert 'fastsgd.manual' in index.load()['syms']


def test_versions_agree(installed):
    assert installed.version == fastsgd.__version__
    if (REPO/'settings.ini').is_file():
        settings = ConfigParser(delimiters=['='])
        settings.read(REPO/'settings.ini', encoding='utf-8')
        assert settings['DEFAULT']['version'] == fastsgd.__version__


def test_what_the_code_imports_is_what_gets_installed(installed):
    required = {re.match(r'[\w-]+', r)[0].lower() for r in installed.requires if 'extra ==' not in r}
    foreign = set().union(*map(others, MODULES)) - sys.stdlib_module_names - {'fastsgd'}
    used = {import_names.get(module, module) for module in foreign}
    ours = r'extra == .(ladder|scale|serve)'
    extra = {re.match(r'[\w-]+', r)[0].lower() for r in installed.requires if re.search(ours, r)}
    assert required <= used <= required | extra
