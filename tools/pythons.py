"""Run quick tests against the wheel with each Python that is on this machine, and say which ones there were.

Each gets a fresh environment with the newest of everything, which is removed again before the next one's turn.
"""
import argparse, os, shutil, subprocess, sys, tempfile, time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSIONS = '3.10 3.11 3.12 3.13 3.14'.split()
QUICK = 'ground tiers proof/test_parity.py proof/test_check.py'.split()  # no browser, and no commands


def interpreter(version):
    "A Python of that version: this one, or one from the path or from pyenv; None where there is none that starts"
    pyenv = sorted(Path.home().glob(f'.pyenv/versions/{version}.*/bin/python'))
    for python in filter(None, [sys.executable, shutil.which(f'python{version}'), *map(str, reversed(pyenv))]):
        asked = subprocess.run([python, '-V'], capture_output=True, text=True)  # pyenv's stand-ins may start none
        if asked.stdout.startswith(f'Python {version}.'): return python


def trial(python, also, tests):
    "Install the wheel in a fresh environment and run the tests away from the sources; whether all went well"
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder, 'env', 'Scripts' if os.name == 'nt' else 'bin', 'python')
        def run(*command): subprocess.run([str(c) for c in command], cwd=folder, check=True)
        shutil.copytree(ROOT/'tests', f'{folder}/tests')
        try:
            run(python, '-m', 'venv', 'env')
            run(own, '-m', 'pip', 'wheel', '-q', '--no-deps', ROOT)
            wheel, = Path(folder).glob('*.whl')
            run(own, '-m', 'pip', 'install', '-q', f'{wheel}[scale,serve]', 'pytest', 'hypothesis', *also)
            run(own, '-m', 'pytest', '-q', '-rsfE', '-p', 'no:cacheprovider', *(f'tests/{t}' for t in tests))
        except subprocess.CalledProcessError: return False
        return True


def report(version, also, tests):
    "What there is to say about a version, and whether its tests passed; None where there is no such Python"
    python, start = interpreter(version), time.perf_counter()
    if not python: return f'Python {version}: not on this machine', None
    well = trial(python, also, tests)
    return f'Python {version}: {"passed" if well else "failed"}, {time.perf_counter() - start:.0f} s', well


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('versions', nargs='*', default=VERSIONS, help=f'default: {" ".join(VERSIONS)}')
    p.add_argument('--also', nargs='+', default=[], metavar='REQUIREMENT', help='to be installed, as torch==2.13.0')
    p.add_argument('--tests', nargs='+', default=QUICK, help=f'below tests/ (default: {" ".join(QUICK)})')
    args = p.parse_args()
    lines, well = zip(*(report(v, args.also, args.tests) for v in args.versions))
    print(*lines, sep='\n')
    sys.exit(False in well or True not in well)


if __name__ == '__main__': main()
