"""Run the notebooks and store their outputs; with --check, compare text outputs with the stored ones instead.

Numbers may differ in the last digit from one processor to another: up to four decimals, the last may differ by one.
Longer ones are compared to within 0.1 percent, and anything below 0.00001 counts as zero. In a cell marked
`#| timing`, numbers with two decimals are seconds, and may be anything, and so may who was sooner. All else must be
equal, character by character. Pictures are not compared, nor the data of widgets.
"""
import argparse, base64, copy, difflib, io, math, os, re, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from fastai.data.external import fastai_path
from fastcore.xtras import strip_ansi
from nbclient.exceptions import CellExecutionError
from PIL import Image

from kernels import be_quick, client

NBS = Path(__file__).resolve().parent.parent/'nbs'
NUMBER = re.compile(r'[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:e[-+]?\d+)?', re.I)

# A widget's data and its picture
WIDGET = re.compile(r'(?<=<script type="application/json">).*?(?=</script>)|(?<=src="data:image/png;base64,)[^"]*')

# What a race says: a busy machine may turn it round
SOONER = re.compile(r'are there \(seconds\) times sooner|are not sooner, but take \(seconds\) times as long')


def is_lesson(cell):
    "Whether to run a cell: slow ones need the sample of MNIST on disk"
    if cell.cell_type != 'code' or re.search(r'^#\|\s*eval:\s*false', cell.source, re.M): return False
    return not re.search(r'^#\|\s*slow', cell.source, re.M) or (fastai_path('data')/'mnist_sample').is_dir()


def execute(path):
    "The notebook at `path` as it stands, and as it is after a run from top to bottom"
    stored = nbformat.read(path, as_version=4)
    fresh = copy.deepcopy(stored)
    lesson = nbformat.v4.new_notebook(metadata=fresh.metadata, cells=[c for c in fresh.cells if is_lesson(c)])
    client(lesson, path, "--InlineBackend.figure_formats={'retina'}").execute()  # fills the cells of `fresh`
    return stored, fresh


def texts(nb):
    "What the code cells say in words, one string a cell"
    def words(out):
        if out.output_type == 'stream': return out.text
        data = out.get('data', {})
        return WIDGET.sub('', ''.join(f'{data[k]}\n' for k in sorted(data) if k.startswith('text/')))
    def cell_text(cell):
        text = ''.join(map(words, cell.outputs))  # what is printed may come in several pieces
        text = re.sub(r'\b\d\d:\d\d\b', '(time)', text)  # of an epoch, in Learner's table
        if '#| timing' not in cell.source: return text
        return SOONER.sub('(who was sooner)', re.sub(r'\b\d+\.\d\d\b', '(seconds)', text))
    return [cell_text(c) for c in nb.cells if c.cell_type == 'code']


def same(a, b):
    "Whether two texts are equal, but for the last digits of their numbers"
    if NUMBER.sub('#', a) != NUMBER.sub('#', b): return False
    return all(x == y or close(x, y) for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)))


def close(x, y):
    "Whether two numbers, as they are printed, differ by rounding only"
    decimals = [len(n.partition('.')[2]) for n in (x, y)]
    if 'e' in (x + y).lower() or min(decimals) > 4: return math.isclose(float(x), float(y), rel_tol=1e-3, abs_tol=1e-5)
    return max(decimals) <= 4 and 0 < min(decimals) and abs(float(x) - float(y)) < 1.5*10**-min(decimals)


def differences(stored, fresh):
    "What is said otherwise than it is stored, one text for each such cell"
    pairs = [(a, b) for a, b in zip(texts(stored), texts(fresh)) if not same(a, b)]
    return ['\n'.join(difflib.unified_diff(a.splitlines(), b.splitlines(), 'stored', 'fresh', lineterm=''))
            for a, b in pairs]


def shrink_pictures(nb):
    "Store plots with 64 colours, which are enough for one, and a third of the bytes"
    outputs = [out.get('data', {}) for cell in nb.cells for out in cell.get('outputs', [])]
    for data in (data for data in outputs if 'image/png' in data):
        small, png = io.BytesIO(), base64.b64decode(data['image/png'])
        picture = Image.open(io.BytesIO(png)).convert('RGB').quantize(64, dither=Image.Dither.NONE)
        picture.save(small, 'PNG', optimize=True)
        data['image/png'] = base64.b64encode(min(png, small.getvalue(), key=len)).decode()


def run(path, check):
    "Run one notebook; returns how many of its outputs are not what is stored, or 1 where a cell fails"
    try: stored, fresh = execute(path)
    except CellExecutionError as e:
        print(f'{path.name}: {strip_ansi(str(e))}')
        return 1
    if not check:
        from execnb.nbio import dict2nb, write_nb  # not above: comparing works without nbdev too
        from nbdev.clean import clean_nb
        shrink_pictures(fresh)
        nb = dict2nb(nbformat.from_dict(fresh))
        clean_nb(nb)
        write_nb(nb, path)
        return 0
    differ = differences(stored, fresh)
    for difference in differ: print(path.name, difference, sep='\n')
    return len(differ)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--check', action='store_true', help='compare, and exit with status 1 where something differs')
    p.add_argument('notebooks', nargs='*', type=Path, help='default: all in nbs/')
    args = p.parse_args()
    paths = [f.resolve() for f in args.notebooks] or sorted(NBS.glob('[!_]*.ipynb'))
    # One thread: notebooks side by side would wait for each other's
    os.environ.update(PYTHONWARNINGS='ignore', OMP_NUM_THREADS='1')
    be_quick()
    with ThreadPoolExecutor(2) as pool: differ = sum(pool.map(lambda f: run(f, args.check), paths))
    what = 'differ from what is stored' if args.check else 'failed, the others stored'
    print(f'{len(paths)} notebooks run, {differ} of their outputs {what}')
    sys.exit(differ > 0)


if __name__ == '__main__': main()
