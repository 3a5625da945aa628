"""Run the pages from top to bottom as a reader does in Jupyter, where nbdev is not installed: all cells of each page.

Cells marked `#| slow` are left out where MNIST_SAMPLE is not on disk. A reader's machine would download it.
With --compare, a page fails too where it says something else than what is stored, as tools/outputs.py compares it.
"""
import argparse, copy, os, re, sys, time
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import nbformat
from fastai.data.external import fastai_path
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from kernels import be_quick, client
from outputs import differences

NBS = Path(__file__).resolve().parent.parent/'nbs'


def read(path, slow, compare):
    "Run a page, with its slow cells or without; returns what there is to say about it, and whether it went well"
    nb = nbformat.read(path, as_version=4)
    code = [c for c in nb.cells if c.cell_type == 'code']
    nb.cells = [c for c in code if slow or not re.search(r'^#\|\s*slow', c.source, re.M)]
    stored = copy.deepcopy(nb)
    start = time.perf_counter()
    try: client(nb, path).execute()
    except CellExecutionError as e: return f'{path.name}: fails. {e.ename}: {e.evalue}', False
    except (CellTimeoutError, DeadKernelError) as e: return f'{path.name}: fails. {e}', False
    differ = differences(stored, nb) if compare else []
    line = f'{path.name}: {len(nb.cells)} of {len(code)} cells, {time.perf_counter() - start:.0f} s'
    return '\n'.join([line, *differ]), not differ


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--compare', action='store_true', help='what the pages say has to be what is stored')
    p.add_argument('--skip', default='', metavar='PATTERN', help="leave out pages with such names, as '*_vision.ipynb'")
    p.add_argument('notebooks', nargs='*', type=Path, help='default: all in nbs/')
    args = p.parse_args()
    if find_spec('nbdev'): sys.exit('nbdev is installed here, and a reader has none: take an environment without it.')
    os.environ.setdefault('OMP_NUM_THREADS', '1')  # pages side by side would wait for each other's threads
    if args.compare: os.environ['PYTHONWARNINGS'] = 'ignore'  # as where the stored outputs were made
    be_quick()
    paths = [f.resolve() for f in args.notebooks] or sorted(NBS.glob('*.ipynb'))
    skipped = [f.name for f in paths if fnmatch(f.name, args.skip)]
    pages = [f for f in paths if f.name not in skipped]
    failed = 0
    read_page = partial(read, slow=(fastai_path('data')/'mnist_sample').is_dir(), compare=args.compare)
    with ThreadPoolExecutor(2) as pool:
        for line, well in pool.map(read_page, pages):
            print(line, flush=True)
            failed += not well
    print(f'{len(pages)} pages run, {failed} failed', *skipped and ['left out as asked:', *skipped])
    sys.exit(failed > 0)


if __name__ == '__main__': main()
