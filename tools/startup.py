"""Show what it costs to start: ratios, each of two commands that take turns, as medians of several runs."""
import argparse, os, statistics, subprocess, sys, tempfile, time

FILES = 100
CHECK = 'from fastsgd.cli import check_main; check_main'
# Ours, what it is compared with, how many of the latter it may take at most, and how many things it does
PAIRS = {'import fastsgd.manual': ('import fastsgd.manual', 'import torch', 1.1, 1),
         'fastsgd, the whole command': ('from fastsgd.cli import main; main([])', 'from fastai.basics import *', 2., 1),
         'fastsgd_check, one file': (f'{CHECK}(["0.py"])', 'import torch', 1.6, 1),
         f'fastsgd_check, a file of {FILES}': (f'{CHECK}(["."])', 'import torch', 0.15, FILES)}
# In the folder where they run: every other file makes one of the mistakes of the catalogue
WRITE = f"""
from pathlib import Path
from fastsgd.checker.programs import replaced
from fastsgd.exercises import exercises, solution
from fastsgd.mistakes import mistakes

imports = ['from __future__ import annotations', 'from itertools import chain, islice', 'import torch']
edits = [m.edits[0].fill(m.edits[0].values[0]) for m in mistakes.values()]
for i in range({FILES}):
    sources = {{name: solution(name) for name in exercises}}
    for name, right, wrong in edits[i//2 % len(edits)].changes*(i % 2):
        sources[name] = replaced(sources[name], right, wrong) or sources[name]
    Path(f'{{i}}.py').write_text('\\n'.join([*imports, *sources.values()]))
"""


def seconds(code, folder, statuses=(0, 1)):
    "Wall-clock time of a Python process that runs `code`"
    env = {k: v for k, v in os.environ.items() if k != 'PYTHONDONTWRITEBYTECODE'}
    start = time.perf_counter()
    run = subprocess.run([sys.executable, '-W', 'ignore', '-c', code], stdout=subprocess.DEVNULL, env=env, cwd=folder)
    if run.returncode not in statuses: sys.exit(f'{code!r} ended with status {run.returncode}')
    return time.perf_counter() - start


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--runs', type=int, default=7, help='runs of each command (default: %(default)s)')
    p.add_argument('--only', default='', metavar='WORD', help='only what has this word in its name')
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds(WRITE, folder, statuses=[0])
        for name, (ours, base, aim, n) in PAIRS.items():
            if args.only not in name: continue
            seconds(base, folder), seconds(ours, folder)  # fill the caches
            times = [(seconds(base, folder), seconds(ours, folder)/n) for _ in range(args.runs)]
            b, o = (statistics.median(t) for t in zip(*times))
            print(f'{name}: {o:.2f} s, {base!r}: {b:.2f} s, ratio {o/b:.2f} (aim: at most {aim})', flush=True)


if __name__ == '__main__': main()
