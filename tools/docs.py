"""Build the docs site from nbs/ into _docs/, with what the `dev` extra installs and without a network.

nbdev prepares the notebooks as it does for Quarto, and smalldocs renders them.
This script mends what lies between the two.
"""
import argparse, base64, html, json, os, re, shutil, struct, sys, time
from pathlib import Path
from unittest.mock import patch

import smalldocs.layout, smalldocs.site, yaml
from execnb.nbio import read_nb, write_nb
from nbdev.config import get_config
from nbdev.doclinks import NbdevLookup, _lineno
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs

from fastsgd.exercises import new_exercises
from fastsgd.guards import plain

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT/'tools/site'
SHORT = {'nn': 'torch.nn', 'F': 'torch.nn.functional'}  # how the pages call parts of PyTorch
FOLDED = re.compile(r'^#\|\s*folded(?::\s*(.+))?$', re.M)  # a word of ours: a cell that is opened by a click
DIRECTIVE = re.compile(r'^#\|\s*([\w-]+)(?::\s*(.*))?\n?', re.M)

# Something to play with
WIDGET = re.compile(r'<div data-widget="\w+">.*?<img[^>]* alt="([^"]*)"[^>]*></div>\n<script>.*?</script>', re.S)


# ---- before smalldocs: the staged notebooks

def own_names(page):
    "Names that a page defines, with their anchors and the addresses of their source"
    found = {}
    for module, syms in NbdevLookup().entries['fastsgd']['syms'].items():
        for name, (address, file, url) in syms.items():
            name, (where, _, anchor) = name.removeprefix(f'{module}.'), address.partition('#')
            if where.split('/')[-1] == f'{page}.html': found[name] = anchor, f'{url}#L{_lineno(name, file)}'
    return found


def linked(text, own, pages):
    "Markdown with links that lead to the right place"
    def torch_name(m):
        url = NbdevLookup().doc(f'{SHORT[m[1]]}.{m[2]}')
        return f'[{m[0]}]({url})' if url else m[0]
    def no_link(m): return re.sub(r'\[(`[^`]+`)\]\([^)]+\)', r'\1', m[0])
    def own_link(m): return f'[`{m[1]}`](#{own[m[1]][0]})' if m[1] in own else m[0]
    text = re.sub(r'\[\[(`[^`]+`)\]\([^)]+\)\]\(([^)]+)\)', r'[\1](\2)', text)  # a name that was a link already
    text = re.sub(r"(?<!tier 1's )\[`([\w.]+)`\]\([^)]+\)", own_link, text)  # two tiers have a `train_epoch`
    text = re.sub(r'(?<!\[)`(nn|F)\.(\w+)`', torch_name, text)
    text = re.sub(r'^```.*?^```', no_link, text, flags=re.M | re.S)  # nbdev links names in signatures, too
    site = re.escape(get_config().doc_host + get_config().doc_baseurl)
    return re.sub(rf'{site}/([\w.]+\.html)', lambda m: pages.get(m[1], m[1]), text)


def figure(data, cell, name, n):
    "An image as a file beside the pages: the HTML that shows it"
    kind = next(k for k in ('image/svg+xml', 'image/png', 'image/jpeg') if k in data)
    raw = ''.join(data[kind])
    raw = raw.encode() if 'svg' in kind else base64.b64decode(raw)
    file = ROOT/'_proc/figures'/f'{name}_{cell.idx_}_{n}.{kind[6:9]}'
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(raw)
    options = {k: yaml.safe_load(v) for k, v in DIRECTIVE.findall(cell.source) if v}
    alt, caption = options.get('fig-alt', ''), options.get('fig-cap')
    if isinstance(alt, list): alt = alt[n]
    if not alt: print(f'{name}: no fig-alt for the picture of {cell.source.splitlines()[-1]!r}', file=sys.stderr)
    width = height = 0
    if kind == 'image/png':
        width, height = (s//2 for s in struct.unpack('>II', raw[16:24]))  # drawn at double density
    size = f'width="{width}" height="{height}"' if width else ''
    img = f'<img src="figures/{file.name}" alt="{html.escape(alt)}" {size}>'
    if width > 500: img = f'<a class="whole" href="figures/{file.name}">{img}</a>'  # too fine for a phone
    return f'<figure>{img}<figcaption>{html.escape(caption)}</figcaption></figure>' if caption else img


def mend_notebook(path, pages):
    "Rewrite a staged notebook so that smalldocs shows it as Quarto would"
    nb, name = read_nb(path), re.sub(r'^\d+_', '', path.stem)
    own = own_names(name)
    # nbdev 3 would not export a cell with Quarto's option, so it is marked with a word of ours
    cells = read_nb(ROOT/'nbs'/path.name).cells
    folded = {c.id: m[1] or 'Show the code' for c in cells if (m := FOLDED.search(c.source))}
    for cell, following in zip(nb.cells, [*nb.cells[1:], None]):
        if cell.cell_type == 'raw':
            cell.source = re.sub(r'^output-file:.*\n', '', cell.source, flags=re.M)  # `finish` does it
        if cell.cell_type == 'markdown': cell.source = linked(cell.source, own, pages)
        if cell.cell_type != 'code': continue
        for n, out in enumerate(cell.outputs):
            data = out.get('data', {})
            markup = ''.join(data.get('text/html', ''))
            if WIDGET.match(markup): out['data'] = {'text/html': markup}  # brings its own picture
            elif any(k.startswith('image/') for k in data): out['data'] = {'text/html': figure(data, cell, name, n)}
            elif 'text/markdown' in data and 'text/html' not in data:
                text = linked(''.join(data['text/markdown']), own, pages)
                shown = re.search(r'^show_doc\((.+?)\)$', cell.source, re.M)
                if shown: text = reference(text, shown[1], own, following)
                out['data'] = {'text/markdown': text}
            elif 'text/html' in data:  # a table of fastai's, whose style is white in the dark
                data['text/html'] = re.sub(r'<style>[^<]*progress.*?</style>', '', markup, flags=re.S)
        cell.outputs = [o for o in cell.outputs if o.get('data', {}).get('text/html', 'some').strip()]
        if 'Exported source' in cell.source: cell.source = plain(cell.source)  # a reader meets guards on their own page
        # nbdev's own, around all exported code
        cell.source = cell.source.replace('#| code-fold: show\n#| code-summary: "Exported source"\n', '')
        fold = '#| code-fold: true\n'
        if cell.id in folded: cell.source = fold + cell.source
        summary = folded.get(cell.id, 'Show the code')
        cell.source = cell.source.replace(fold, f'{fold}#| code-summary: {summary}\n')
        cell.source = DIRECTIVE.sub(lambda m: m[0] if m[2] else '', cell.source)  # nbdev's own, which are no YAML
    write_nb(nb, path)


def reference(text, name, own, following):
    "What `show_doc` says, with the right address of the source; where that follows, its name alone"
    if name in own: text = re.sub(r'\[source\]\([^)]+\)(\{[^}]*\})?', f'[source]({own[name][1]}){{.source-link}}', text)
    if following and 'Exported source' in following.source:  # a cell marked `#| exports`
        text = re.match(r'(?:---\n)?.*?^#+ [^\n]*\n', text, re.M | re.S)[0]  # the cell says the rest
    return text.removeprefix('---\n')


def stage():
    "Prepare notebooks and settings in _proc/; returns the page of each notebook, `{'01_data.ipynb': 'data.html'}`"
    refresh_quarto_yml()
    with patch('nbdev.serve.IN_NOTEBOOK', True):  # so its processes are forks where there are any, and need not import
        staged = proc_nbs(force=True)
    listed = (ROOT/'nbs/sidebar.yml').read_text()
    notebooks = sorted(staged.glob('*.ipynb'))
    missing = [f.name for f in notebooks if f' {f.name}\n' not in listed]
    if missing: sys.exit(f'nbs/sidebar.yml does not list {", ".join(missing)}')
    pages = {f.name: re.sub(r'^\d+_', '', f.stem) + '.html' for f in notebooks}
    for f in notebooks: mend_notebook(f, {page: name for name, page in pages.items()})
    return pages


# ---- after smalldocs: the pages

def links(notebook):
    "The links below a page's title"
    config = get_config()
    repository = config.git_url.replace('github.com', 'colab.research.google.com/github')
    colab = f'{repository}/blob/{config.branch}/nbs/{notebook}'
    return (f'<p class="page-links"><a href="notebooks/{notebook}" download>Download the notebook</a>'
            f'<a href="{colab}">Open in Colab</a></p>')


def mend_page(text, notebook):
    "A page that loads nothing from elsewhere, and offers its notebook"
    text = text.replace(smalldocs.layout.KATEX, 'site_libs/katex')
    text = re.sub(r'<link[^>]*bootstrap-icons[^>]*>', '', text)
    text = re.sub(r'<script[^>]*fuse[^>]*></script>', '', text)  # site.js searches
    def name_alone(m): return m[1] if 'menu-text' in m[1] else ''  # sections stay open
    text = re.sub(r'<a [^>]*role="navigation"[^>]*>(.*?)</a>', name_alone, text)
    ours = '<link rel="icon" href="site_libs/favicon.svg"><script src="site_libs/site.js"></script>'
    text = text.replace('</head>', f'{ours}</head>')
    solution = '<details class="code-fold">\n<summary>A solution'  # what it prints is hidden with it
    text = text.replace(solution, solution.replace('code-fold', 'code-fold solution'))
    end = '</header>' + links(notebook)  # of the second header, which is the title's; the first is the site's
    config = get_config()
    text = text.replace(f'{config.doc_host}{config.doc_baseurl}/notebooks/', 'notebooks/')
    return text.replace('</header>', end, 2).replace(end, '</header>', 1)


def fold_entries(text):
    "The catalogue with an entry for each mistake, to be opened by a click or by its address"
    begin = text.index('<section id="the-catalogue"')
    entry = re.compile(r'<section id="([\w-]+)" class="level3">\n<h3.*?>(.*?</h3>)(.*?)</section>', re.S)
    folded = r'<details id="\1" class="level3 entry"><summary><h3>\2</summary>\3</details>'
    return text[:begin] + entry.sub(folded, text[begin:])


def word_id(cell): return 'word-' + re.sub(r'\W+', '-', re.sub(r'<.*?>', '', cell).lower()).strip('-')


def name_words(text):
    "The glossary with an address for each of its words"
    return re.sub(r'<tr>\n<td>(.*?)</td>', lambda m: f'<tr id="{word_id(m[1])}">\n<td>{m[1]}</td>', text)


def word_records(text):
    "What the search finds for each word of the glossary: its meaning, and its place in the list"
    rows = re.findall(r'<tr id="(.*?)">\n<td>(.*?)</td>\n<td>(.*?)</td>', text)
    for address, word, meaning in rows:
        word, meaning = (html.unescape(re.sub(r'<.*?>', '', s)) for s in (word, meaning))
        href = f'glossary.html#{address}'
        yield dict(objectID=href, href=href, title='Words', section=word, text=meaning)


def searchable(records, words):
    "What the search looks through: the words of the glossary one by one, in place of the lists of them"
    others = (r for r in records if not r['href'].startswith('glossary.html#'))
    return [*words, *(r | dict(text=r['text'][:600]) for r in others)]  # every page loads them all


def finish(site, pages):
    "Mend what smalldocs wrote, and add what it does not write"
    shutil.copytree(ASSETS, site/'site_libs', dirs_exist_ok=True)
    for unused in 'bootstrap-icons', 'fuse': shutil.rmtree(site/'site_libs'/unused)
    if (ROOT/'_proc/figures').exists(): shutil.copytree(ROOT/'_proc/figures', site/'figures')
    (site/'notebooks').mkdir()
    new_exercises(site/'notebooks/exercises.ipynb')
    for notebook, page in pages.items():
        shutil.copy(ROOT/'nbs'/notebook, site/'notebooks')
        file = site/notebook.replace('.ipynb', '.html')
        file.write_text(mend_page(file.read_text(), notebook))
    for file in [f for f in site.glob('*.*') if f.suffix in ('.html', '.md', '.txt', '.json', '.xml')]:
        text = file.read_text()
        for notebook, page in pages.items():
            for end in ('.html', '.llms.md'): text = text.replace(Path(notebook).stem + end, Path(page).stem + end)
        if file.suffix == '.md': text = WIDGET.sub(r'*\1*', text)
        file.write_text(text)
        file.rename(site/re.sub(r'^\d+_', '', file.name))
    catalogue = site/'mistakes.html'
    catalogue.write_text(fold_entries(catalogue.read_text()))
    glossary = site/'glossary.html'
    glossary.write_text(name_words(glossary.read_text()))
    records = searchable(json.loads((site/'search.json').read_text()), word_records(glossary.read_text()))
    (site/'search.json').write_text(json.dumps(records))
    (site/'site_libs/search.js').write_text(f'window.searchIndex = {json.dumps(records)};')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('--out', type=Path, default=ROOT/'_docs', help='where to write the site (default: _docs)')
    out, start = p.parse_args().out.resolve(), time.perf_counter()
    os.chdir(ROOT)
    pages = stage()
    built = smalldocs.site.build(ROOT/'_proc', quiet=True)
    finish(built.out, pages)
    if out.exists(): shutil.rmtree(out)
    shutil.move(built.out, out)
    for w in built.warnings: print(f'warning: {w}', file=sys.stderr)
    print(f'{len(pages)} pages in {out}, {time.perf_counter() - start:.0f} s')


if __name__ == '__main__': main()
