"""Write into pyproject.toml what nbdev 3 reads, from settings.ini; with --check, say whether it is up to date instead.

nbdev 2 and setup.py read settings.ini, so each fact stands there, and only there.
"""
import argparse, difflib, json, re, sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIRST = '# Made from settings.ini by tools/nbdev3.py: edit settings.ini.\n'
LAST = '# End of what is made from settings.ini.\n'
SETUP = ('version description readme requires-python license authors keywords classifiers '
         'dependencies optional-dependencies scripts entry-points').split()  # what setup.py says
SAME = ('lib_path doc_path branch title readme_nb tst_flags recursive strip_libs custom_sidebar clean_ids clear_all '
        'jupyter_hooks put_version_in_init update_pyproject').split()  # settings that nbdev 3 knows by the same name


def toml(text):
    "A setting as TOML"
    return text.lower() if text.lower() in ('true', 'false') else json.dumps(text)


def tables(cfg):
    "What nbdev 3 wants to know, as TOML"
    nbs, git = cfg['nbs_path'], cfg['git_url']
    same = '\n'.join(f'{name} = {toml(cfg[name])}' for name in SAME)
    return f"""{FIRST}[project]
name = {toml(cfg['lib_name'])}
dynamic = {json.dumps(SETUP, indent=4)}

[project.urls]
Documentation = {toml(cfg['doc_host'] + cfg['doc_baseurl'])}
Source = {toml(git)}
Changelog = {toml(f"{git}/blob/{cfg['branch']}/CHANGELOG.md")}

[tool.nbdev]
# A plain {nbs!r} would make nbdev 3 end each docstring of a module with an address. nbdev 2 writes none.
nbs_path = {toml(f'{nbs}/../{nbs}')}
{same}
{LAST}"""


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--check', action='store_true', help='change nothing; exit with status 1 where something differs')
    check = p.parse_args().check
    settings = ConfigParser(delimiters=['='])
    settings.read(ROOT/'settings.ini', encoding='utf-8')
    file = ROOT/'pyproject.toml'
    old = file.read_text(encoding='utf-8')
    new, found = re.subn(f'{FIRST}.*?{LAST}', lambda m: tables(settings['DEFAULT']), old, flags=re.S)
    if not found: sys.exit(f'pyproject.toml has lost two lines. Put back, with nothing between:\n{FIRST}{LAST}')
    if not check: file.write_text(new, encoding='utf-8')
    elif new != old:
        diff = difflib.unified_diff(old.splitlines(), new.splitlines(), 'pyproject.toml', 'settings.ini', lineterm='')
        print(*diff, sep='\n')
        sys.exit('pyproject.toml is not what settings.ini gives: run python tools/nbdev3.py')


if __name__ == '__main__': main()
