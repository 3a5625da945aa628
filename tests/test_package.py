"What the package promises as a package"
import ast, importlib, importlib.metadata, inspect, subprocess, sys

import pytest
from fastcore.docments import docments

import fastsgd

MODULES = 'data descent manual modules learner parity cli diff'.split()


def tree(name): return ast.parse(inspect.getsource(importlib.import_module(f'fastsgd.{name}')))


def imports(name, nodes=None):
    "The modules that a module of ours imports, ours as `fastsgd.x`"
    found = set()
    for node in nodes or ast.walk(tree(name)):
        if isinstance(node, ast.Import): found |= {a.name for a in node.names}
        if isinstance(node, ast.ImportFrom):
            base = 'fastsgd' if node.level else ''
            parent = '.'.join(p for p in (base, node.module) if p)
            found |= {f'fastsgd.{a.name}' for a in node.names} if parent == 'fastsgd' else {parent}
    return found


def test_tier_1_stands_on_nothing_but_torch():
    assert {m.split('.')[0] for m in imports('manual')} <= {'torch', *sys.stdlib_module_names}


def test_importing_tier_1_loads_no_more_than_torch():
    code = "import sys, fastsgd.manual; print([m for m in ('fastai', 'matplotlib', 'pandas', 'mlxtend') if m in sys.modules])"
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.strip() == '[]'


@pytest.mark.parametrize('name', MODULES)
def test_imports_point_down_the_list(name):
    ours = {m.split('.')[1] for m in imports(name) if m.startswith('fastsgd.')}
    assert ours <= set(MODULES[:MODULES.index(name)]) - {'diff'}


@pytest.mark.parametrize('name', MODULES)
def test_there_are_no_star_imports(name):
    assert not [n for n in ast.walk(tree(name)) if isinstance(n, ast.ImportFrom) and n.names[0].name == '*']


def public():
    "All public functions, and methods that classes of ours define, by name"
    for name in MODULES:
        module = importlib.import_module(f'fastsgd.{name}')
        for n in module.__all__:
            o = getattr(module, n)
            if inspect.isclass(o):
                yield f'{name}.{n}', o
                yield from ((f'{name}.{n}.{m}', f) for m, f in vars(o).items() if inspect.isfunction(f) and not m.startswith('_'))
            elif inspect.isfunction(o): yield f'{name}.{n}', o


@pytest.mark.parametrize('name, o', public(), ids=lambda x: x if isinstance(x, str) else '')
def test_public_names_are_documented(name, o):
    assert o.__doc__ and not o.__doc__.startswith(f'{o.__name__}(')  # the second is what dataclasses write where there is none
    if inspect.isclass(o): return
    undocumented = [p for p, d in docments(o, full=True).items() if p not in ('self', 'return', 'kwargs', 'args') and not d['docment']]
    inherited = {'create_batches', 'to', 'new', 'get_idxs'}  # fastai's own documentation has these
    assert o.__name__ in inherited or not undocumented


def test_public_names_of_the_design_are_there():
    names = dict(data='load_digits DigitData get_dls', descent='quadratic mse fit_quadratic gradient_descent',
        manual='init_params linear1 simple_net mnist_loss batch_accuracy calc_grad train_epoch validate_epoch train_model',
        modules='linear_model simple_net BasicOptim train_epoch validate_epoch train_model', learner='get_learner', parity='compare_tiers assert_same_training TierComparison')
    for module, wanted in names.items(): assert set(wanted.split()) <= set(importlib.import_module(f'fastsgd.{module}').__all__)


def test_the_command_is_installed():
    try: entries = importlib.metadata.distribution('fastsgd').entry_points
    except importlib.metadata.PackageNotFoundError: pytest.skip('fastsgd is used without being installed')
    assert ('fastsgd', 'fastsgd.cli:main') in [(e.name, e.value) for e in entries if e.group == 'console_scripts']
    assert importlib.metadata.version('fastsgd') == fastsgd.__version__
