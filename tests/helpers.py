"What many tests use: paths, the package as it is written, a few digits, and processes"
import ast
import os
import signal
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from subprocess import PIPE, Popen
from types import SimpleNamespace

import forks
from PIL import Image

import fastsgd

REPO = Path(__file__).resolve().parent.parent
# axe looks for what keeps people from using a page
AXE = Path(os.getenv('AXE') or Path(__file__).parent/'assets/axe-core/axe.min.js')

PACKAGE = Path(fastsgd.__file__).parent
MODULES = {'.'.join(f.relative_to(PACKAGE).with_suffix('').parts): f
           for f in sorted(PACKAGE.rglob('*.py')) if not f.stem.startswith('_')}


@cache
def syntax(name):
    "A module of the package, parsed"
    return ast.parse(MODULES[name].read_text(encoding='utf-8'))


def few(data, n):
    "The first `n` digits to train on, and half as many to validate with"
    m = n//2
    return replace(data, train_x=data.train_x[:n], train_y=data.train_y[:n],
                   valid_x=data.valid_x[:m], valid_y=data.valid_y[:m])


def python(code, args): return [sys.executable, '-c', code, *map(str, args)]


pipes = dict(stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True)


def start(code, *args, **env):
    "A Python process that runs `code`"
    def hear(): signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell makes its background processes deaf to it
    return Popen(python(code, args), env={**os.environ, **env}, **pipes, preexec_fn=None if os.name == 'nt' else hear)


def fork(code, *args, **env):
    "The same at once, where nothing depends on how Python starts and what it imports: see forks.py"
    if not forks.possible: return start(code, *args, **env)
    return forks.Fork(python(code, args), env={**os.environ, **env}, **pipes)


def end(process, seconds=120):
    "What a process left behind, which may take so long"
    try: out, err = process.communicate(timeout=seconds)
    finally: process.kill()
    return SimpleNamespace(status=process.returncode, out=out, err=err)


def picture(x, scale=1):
    "A digit of MNIST as an image"
    return Image.fromarray((255*x.reshape(28, 28)).round().byte().numpy()).resize((28*scale, 28*scale))
