"""Write README.md from nbs/index.ipynb and its stored outputs; with --check, say whether it is up to date instead."""
import argparse, base64, difflib, re, sys
from pathlib import Path

from execnb.nbio import read_nb

ROOT = Path(__file__).resolve().parent.parent
HEADER = '<!-- Made from nbs/index.ipynb by tools/readme.py: edit the notebook. -->\n\n'


def output(out, name, alt):
    "One output of a cell as Markdown; pictures go into the file `name` beside the notebooks"
    data = out.get('data', {})
    if 'image/png' in data:
        file = ROOT/'nbs/images'/name
        picture = base64.b64decode(''.join(data['image/png']))
        return f'![{alt}]({file.relative_to(ROOT)})', {file: picture}
    text = ''.join(out['text'] if out.output_type == 'stream' else data.get('text/plain', ''))
    return '\n'.join(f'    {line}'.rstrip() for line in text.splitlines()), {}


def readme(nb):
    "The notebook as Markdown, and the files it shows"
    parts, files = [], {}
    for i, cell in enumerate(nb.cells):
        if cell.cell_type == 'markdown':
            parts.append(re.sub(r'\]\((\w+\.ipynb)', r'](nbs/\1', cell.source))
            continue
        if cell.cell_type != 'code' or '#| hide' in cell.source: continue
        if '#| echo: false' not in cell.source:
            parts.append('```python\n' + re.sub(r'^#\|.*\n', '', cell.source, flags=re.M) + '\n```')
        alt = re.search(r'#\| fig-alt: "(.*)"', cell.source)
        for out in cell.outputs:
            text, new = output(out, f'index_{i}.png', alt[1] if alt else '')
            parts.append(text)
            files.update(new)
    return HEADER + '\n\n'.join(parts) + '\n', files


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--check', action='store_true', help='change nothing; exit with status 1 where something differs')
    args = p.parse_args()
    text, files = readme(read_nb(ROOT/'nbs/index.ipynb'))
    files[ROOT/'README.md'] = text.encode()
    stale = {f: new for f, new in files.items() if not f.exists() or f.read_bytes() != new}
    for file, new in stale.items():
        print(f'{file.relative_to(ROOT)} ' + ('is not what nbs/index.ipynb gives' if args.check else 'written'))
        if args.check and file.suffix == '.md':
            is_there, wanted = file.read_text().splitlines(), text.splitlines()
            print(*difflib.unified_diff(is_there, wanted, 'README.md', 'nbs/index.ipynb', lineterm=''), sep='\n')
        if not args.check:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(new)
    sys.exit(args.check and bool(stale))


if __name__ == '__main__': main()
