"""Show what it costs to start: two ratios, each of two commands that take turns, as medians of several runs."""
import argparse, os, statistics, subprocess, sys, time

PAIRS = {'import fastsgd.manual': ('import torch', 'import fastsgd.manual', 1.1),
         'fastsgd, the whole command': ('from fastai.basics import *', 'from fastsgd.cli import main; main([])', 2.)}


def seconds(code):
    "Wall-clock time of a Python process that runs `code`"
    env = {k: v for k, v in os.environ.items() if k != 'PYTHONDONTWRITEBYTECODE'}
    start = time.perf_counter()
    subprocess.run([sys.executable, '-W', 'ignore', '-c', code], check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - start


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--runs', type=int, default=7, help='runs of each command (default: %(default)s)')
    runs = p.parse_args().runs
    for name, (base, ours, aim) in PAIRS.items():
        seconds(base), seconds(ours)  # fill the caches
        times = [(seconds(base), seconds(ours)) for _ in range(runs)]
        b, o = (statistics.median(t) for t in zip(*times))
        print(f'{name}: {o:.2f} s, {base!r}: {b:.2f} s, ratio {o/b:.2f} (aim: at most {aim})')


if __name__ == '__main__': main()
