"""The docs site: built, served, and walked in a browser.

It needs the repository, the `dev` extra and Chromium (`apt-get install chromium-headless-shell` or `chromium`, or
CHROMIUM=PATH), and is skipped without them.
"""
import functools, html, http.server, json, re, threading
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from helpers import REPO, end, fork
from tabs import violations

if not (REPO/'nbs').is_dir():
    pytest.skip('the notebooks are not here: the site is built in a clone of the repository', allow_module_level=True)
pytest.importorskip('smalldocs', reason='smalldocs builds the site: it comes with the dev extra')
pytest.importorskip('nbdev', reason='nbdev prepares the notebooks: it comes with the dev extra')

NOTEBOOKS = sorted(f.name for f in (REPO/'nbs').glob('*.ipynb'))
PAGES = [re.sub(r'^\d+_|\.ipynb$', '', n) for n in NOTEBOOKS]
WIDE, PHONE = (1280, 900), (400, 800)


# ---- the site, served, and a browser

@pytest.fixture(scope='module')
def built(tmp_path_factory):
    "The folder of the site, and the seconds of a processor that it took to build"
    out = tmp_path_factory.mktemp('site')/'_docs'
    code = """
import os, runpy, sys
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name='__main__')
print(sum(os.times()[:4]))
"""
    done = end(fork(code, REPO/'tools/docs.py', '--out', out))
    assert done.status == 0, done.err
    return out, float(done.out.split()[-1]), done.err


@pytest.fixture(scope='module')
def site(built): return built[0]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args): pass
    def end_headers(self):
        self.send_header('Cache-Control', 'max-age=3600')  # what pages share is read once, and `page.loaded` has it
        super().end_headers()


@pytest.fixture(scope='module')
def host(site):
    "The address of the site on this machine"
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f'http://127.0.0.1:{server.server_port}/'
        server.shutdown()


@pytest.fixture
def visit(tab, host):
    "`visit(name)` opens a page; at the end, nothing may have gone wrong on any page opened"
    def open_page(address, size=WIDE, theme='light', motion='no-preference', touch=False, scripts=True):
        page = tab(f'{host}|file:|data:', size, theme, motion, has_touch=touch, java_script_enabled=scripts,
                   permissions=['clipboard-read', 'clipboard-write'])
        page.goto(address if '://' in address else f'{host}{address}.html')
        return page
    return open_page


def test_the_build_is_quick_and_has_no_complaints(built):
    site, seconds, stderr = built
    print(f'built in {seconds:.0f} s')
    assert seconds <= 60
    assert stderr == ''
    assert {f.stem for f in site.glob('*.html')} == set(PAGES)


# ---- each page, in both widths and both themes

LOOKS = [(PHONE, 'dark'), (WIDE, 'dark'), (WIDE, 'light'), (PHONE, 'light')]  # the theme, which takes long, turns once
JUDGED = {  # by axe: all of a page once, and with the other width and theme what depends on them
    LOOKS[0]: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable'],
    LOOKS[2]: None}


FRAMED = ['index', 'data']  # the sidebar is judged on these two, which is the same on all: see the test below


def turn(page, size, theme):
    "Give an open page another width and another theme, and wait until it shows them"
    page.set_viewport_size(dict(width=size[0], height=size[1]))
    page.emulate_media(color_scheme=theme)
    page.evaluate("""async dark => {
        const frame = () => new Promise(requestAnimationFrame), patience = performance.now() + 5000
        const turned = () => document.documentElement.classList.contains('quarto-dark') == dark
        while (!turned() && performance.now() < patience) await frame()
        if (!turned()) throw Error('the page does not follow the theme')
        await frame()
        await frame()
        document.getAnimations().forEach(a => a.finish())  // colours that fade are there at once
    }""", theme == 'dark')


SEEN = """() => ({
    sideways: document.documentElement.scrollWidth,
    cut: (main => main.scrollWidth > main.clientWidth || main.getBoundingClientRect().right > innerWidth)(
        document.querySelector('main')),
    background: getComputedStyle(document.body).backgroundColor,
    broken: [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)})"""


SHORTEN = """() => {
    const met = new Set()
    const look = e => [e.tagName, e.className, e.getAttribute('style'), e.parentElement.parentElement.className].join()
    for (const pre of document.querySelectorAll('main pre')) {
        const code = pre.querySelector('code') ?? pre
        const longest = code.textContent.split('\\n').reduce((a, b) => b.length > a.length ? b : a)
        const isNew = e => e.innerText.trim().length > 1 && !met.has(look(e)) && met.add(look(e))
        code.replaceChildren(...[...code.children].filter(isNew).flatMap(e => [e, '\\n']), longest)
    }
}"""  # axe looks behind each line. Of code, a word of each kind is enough for it (no single sign), and the longest line


def complaints_of_axe(page, exclude, rules=None):
    found = [v for v in violations(page, exclude, rules) if v['impact'] in ('serious', 'critical')]
    return [(v['id'], v['help'], [n['html'][:150] for n in v['nodes'][:5]]) for v in found]


@pytest.mark.parametrize('name', PAGES)
def test_page(visit, site, name):
    "A page is loaded once, and then looked at in four ways"
    page = visit(name, *LOOKS[0])
    for look in LOOKS:
        size, theme = look
        here = f'{name}, {size[0]} wide, {theme}'
        turn(page, size, theme)
        seen = page.evaluate(SEEN)
        assert seen['sideways'] <= size[0], f'{here}: the page scrolls sideways'
        assert not seen['cut'], f'{here}: something is cut off'
        assert dark(seen['background']) == (theme == 'dark'), here
        assert not seen['broken'], here
        if look == LOOKS[0] and name not in FRAMED: page.evaluate(SHORTEN)
        if name in FRAMED: assert not complaints_of_axe(page, []), here
        elif look in JUDGED: assert not complaints_of_axe(page, ['#quarto-sidebar'], JUDGED[look]), here
    silent = page.evaluate("""[...document.querySelectorAll("img, main svg, canvas")]
        .filter(i => !i.closest("[aria-hidden=true]") && !(i.alt || i.getAttribute("aria-label") || "").trim())
        .map(i => i.src || i.outerHTML.slice(0, 80))""")
    assert not silent, 'pictures without a text alternative: give their cells a #| fig-alt'
    assert page.evaluate("""!document.querySelector(".katex-error") &&
        document.querySelectorAll(".math").length <= document.querySelectorAll(".katex").length""")
    page.wait_for_load_state('networkidle')  # which it is by now, but for what comes late
    weight = sum((site/unquote(urlsplit(url).path[1:])).stat().st_size for url in set(page.loaded))
    print(f'{name}: {weight/1000:.0f} kB')
    assert weight <= 1_000_000


def test_the_sidebar_is_the_same_on_all_pages_but_for_where_one_is(site):
    here, sidebars = re.compile(' active" aria-current="page"'), set()
    for name in PAGES:
        bar = re.search('<nav id="quarto-sidebar".*?</nav>', (site/f'{name}.html').read_text(), re.S)[0]
        assert re.findall(f'href="([^"]*)"[^>]*{here.pattern}', bar) == [f'{name}.html']
        sidebars.add(here.sub('"', bar))
    assert len(sidebars) == 1


def bare_headings(page):
    "The headings of a page's HTML with nothing below them, before another that is as high"
    main = re.search('<main.*?</main>', page, re.S)[0]
    _, *parts = re.split(r'<h([2-6])\b[^>]*>(.*?)</h\1>', main, flags=re.S)
    levels, headings, below = parts[::3], parts[1::3], parts[2::3]
    return [heading for level, heading, text, following in zip(levels, headings, below, [*levels[1:], '1'])
            if following <= level and not re.sub('<(?!img)[^>]*>', '', text).strip()]


@pytest.mark.parametrize('name', PAGES)
def test_each_heading_has_something_below_it(site, name):
    assert bare_headings((site/f'{name}.html').read_text()) == []


# ---- links

class Links(HTMLParser):
    "What a page links to, and what can be linked to in it"
    def __init__(self, text):
        super().__init__()
        self.targets, self.ids = [], []
        self.feed(text)
    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.targets += [attrs[k] for k in ('href', 'src') if attrs.get(k)]
        self.ids += [attrs['id']] if 'id' in attrs else []


@pytest.fixture(scope='module')
def parsed(site): return {f.name: Links(f.read_text()) for f in site.glob('*.html')}


@pytest.mark.parametrize('name', PAGES)
def test_links_lead_somewhere(site, parsed, name):
    here = parsed[f'{name}.html']
    broken = []
    for target in here.targets:
        file, anchor = urldefrag(unquote(target))
        if re.match(r'\w+:', file): continue
        file = file or f'{name}.html'
        if not (site/file).exists() or anchor and anchor not in parsed[file].ids: broken.append(target)
    assert not broken
    assert len(here.ids) == len(set(here.ids)), 'an id stands twice'


def test_other_hosts_are_linked_by_https(parsed):
    targets = {t for p in parsed.values() for t in p.targets}
    assert not {t for t in targets if re.match(r'\w+:', t) and not t.startswith(('https://', 'data:'))}


def test_every_public_name_has_its_reference(site, parsed):
    from fastsgd._modidx import d
    for module, names in d['syms'].items():
        for name, (address, file) in names.items():
            name = name.removeprefix(f'{module}.')
            if name.startswith('_') or '.' in name: continue
            page, anchor = address.split('#')
            assert anchor in parsed[page.split('/')[-1]].ids, f'{name} has no reference'
            sources = [t for t in parsed[page.split('/')[-1]].targets if f'/{file}#L' in t]
            lines = enumerate((REPO/file).read_text().splitlines(), 1)
            line = next(i for i, text in lines if re.match(rf'(def|class) {name}\b', text))
            assert any(t.endswith(f'#L{line}') for t in sources), f'no link to the source of {name}'


def test_each_chapter_offers_its_notebook(site, parsed):
    for notebook, name in zip(NOTEBOOKS, PAGES):
        targets = parsed[f'{name}.html'].targets
        assert (site/'notebooks'/notebook).read_bytes() == (REPO/'nbs'/notebook).read_bytes()
        assert f'notebooks/{notebook}' in targets
        assert f'https://colab.research.google.com/github/fastsgd/fastsgd/blob/main/nbs/{notebook}' in targets


def test_the_exercises_can_be_downloaded(site, parsed, tmp_path):
    from fastsgd.exercises import new_exercises
    assert 'notebooks/exercises.ipynb' in parsed['exercises.html'].targets
    assert (site/'notebooks/exercises.ipynb').read_bytes() == new_exercises(tmp_path/'exercises.ipynb').read_bytes()


def test_markdown_copies(site):
    index = (site/'llms.txt').read_text()
    for name in PAGES:
        assert f'/{name}.llms.md' in index
        assert len((site/f'{name}.llms.md').read_text()) > 200


# ---- what readers do

@pytest.mark.parametrize('served', [True, False], ids=['served', 'as a file'])
@pytest.mark.parametrize('size', [WIDE, PHONE], ids=['wide', 'phone'])
def test_search(visit, site, served, size):
    page = visit('index' if served else (site/'index.html').as_uri(), size)
    page.locator('.smalldocs-search input').press_sequentially('train_epoch')
    hit = page.locator('.search-result', has_text='train_epoch').first
    hit.wait_for()
    box = hit.bounding_box()
    assert box['x'] >= 0 and box['x'] + box['width'] <= size[0]
    hit.click()
    page.wait_for_url(re.compile(r'\.html'))
    assert 'train_epoch' in page.locator('main').inner_text()


QUESTIONS = {
    'overfitting': 'word-overfitting', 'why zero_grad': 'word-zeroing-zero_grad',
    'learning rate': 'word-learning-rate-lr', 'how to choose the learning rate': 'network.html#learning-rate',
    'epoch': 'word-epoch', 'sigmoid': 'word-sigmoid', 'cross entropy': 'word-cross-entropy',
    'softmax': 'word-softmax', 'nan': 'word-the-loss-is-nan', 'relu': 'word-relu',
    'cuda out of memory': 'word-cuda-out-of-memory', 'batch size': 'word-batch-size-bs',
    'batches': 'data.html#batches', 'backpropagation': 'word-backpropagation', 'chain rule': 'word-chain-rule',
    'what is a tensor': 'word-tensor', 'broadcasting': 'word-broadcasting',
    'validation set': 'word-validation-set', 'train_epoch': 'manual.html#train_epoch',
    'load_digits': 'loader.html#load_digits', 'compare_tiers': 'runs.html#compare_tiers',
    'loss grows': 'word-the-loss-grows', 'gradients not zeroed': 'mistakes.html#gradients-not-zeroed',
    'momentum': 'word-momentum', 'weight decay': 'word-weight-decay', 'fine-tuning': 'word-fine-tuning',
    'generalization': 'word-generalization', 'hyperparameter': 'word-hyperparameter',
    'does not require grad': 'word-element-0-of-tensors', 'my numbers differ': 'word-my-numbers-differ',
    'mnist': 'word-mnist', 'training is slow': 'word-training-is-slow', 'initialization': 'word-initialization',
    'accuracy': 'word-accuracy'}


def test_each_question_finds_its_answer_first(visit):
    page = visit('index')
    page.locator('.smalldocs-search input').press_sequentially('epoch')
    page.locator('.search-result').first.wait_for()
    first = page.evaluate("""all => Object.fromEntries(all.map(q =>
        [q, new Fuse(searchIndex).search(q)[0]?.item.href]))""", list(QUESTIONS))
    assert {q: href for q, href in first.items() if QUESTIONS[q] not in (href or '')} == {}


def test_enter_opens_the_first_result_without_waiting(visit):
    page = visit('index')
    page.locator('.smalldocs-search input').press_sequentially('overfitting')
    page.keyboard.press('Enter')
    page.wait_for_url('**/glossary.html#word-overfitting')


def test_a_printed_page_is_text_alone_and_dark_on_white(visit):
    page = visit('manual', theme='dark')
    page.emulate_media(media='print', color_scheme='dark')
    for around in '#quarto-header', '#quarto-sidebar', '#quarto-margin-sidebar', '.page-navigation':
        assert not page.locator(around).first.is_visible()
    assert background(page) == 'rgb(255, 255, 255)'
    assert page.evaluate('getComputedStyle(document.body).color') == 'rgb(0, 0, 0)'
    spaces = page.evaluate('[...document.querySelectorAll("main pre")].map(e => getComputedStyle(e).whiteSpace)')
    assert set(spaces) == {'pre-wrap'}
    page.emulate_media(media='screen')


def test_a_solution_is_hidden_with_what_it_prints(visit):
    page = visit('data')
    solution = page.locator('details.solution').first
    printed = solution.locator('xpath=following-sibling::*').first
    assert not printed.is_visible()
    solution.locator('summary').click()
    assert printed.is_visible()


# ---- entries of the catalogue, which are folded

def entry(page, slug): return page.locator(f'details#{slug}')


def test_an_address_opens_its_entry_alone(visit, host):
    page = visit(f'{host}mistakes.html#wrong-sign')
    entry(page, 'wrong-sign').get_by_text('How one meets it').wait_for()
    assert page.locator('details.entry[open]').count() == 1
    top = entry(page, 'wrong-sign').bounding_box()['y']
    assert page.locator('#quarto-header').bounding_box()['height'] <= top < WIDE[1]/2
    for _ in range(2):  # the same link again opens it again
        page.locator('table a[href="#lr-ignored"]').click()
        page.wait_for_selector('details#lr-ignored[open]')
        entry(page, 'lr-ignored').locator('summary').click()
        page.wait_for_selector('details#lr-ignored:not([open])')


def test_every_mistake_has_an_entry_of_its_own(parsed, site):
    from fastsgd.mistakes import loop_mistakes, mistakes
    slugs, text = [*mistakes, *loop_mistakes], (site/'mistakes.html').read_text()
    assert re.findall('<details id="(.*?)" class="level3 entry"', text) == slugs
    assert set(slugs) <= set(parsed['mistakes.html'].ids)


@pytest.mark.parametrize('start', ['index', 'mistakes'])
def test_the_search_opens_an_entry(visit, start):
    page = visit(start)
    page.locator('.smalldocs-search input').fill('zeroed too early')  # at once: results for the first words come early
    page.locator('.search-result').first.click()
    page.wait_for_selector('details#zeroed-too-early[open]')


def test_what_is_open_is_printed(visit, host):
    page = visit(f'{host}mistakes.html#wrong-sign')
    page.wait_for_selector('details#wrong-sign[open]')
    page.emulate_media(media='print')
    assert entry(page, 'wrong-sign').locator('img').is_visible()
    assert not entry(page, 'lr-ignored').locator('img').is_visible()
    page.emulate_media(media='screen')


# ---- the pages that a newcomer reads

ROAD = ['data', 'descent', 'manual', 'network', 'modules', 'ten', 'learner', 'parity', 'mistakes', 'exercises',
        'watch']


@pytest.mark.parametrize('name', ROAD)
def test_a_page_of_the_road_begins_with_a_picture_and_has_an_end(visit, name):
    page = visit(name)
    assert page.evaluate('document.documentElement.scrollHeight') <= 16_000
    assert page.evaluate('document.querySelector("main img").getBoundingClientRect().top') <= 2*WIDE[1]
    sideways = page.evaluate("""[...document.querySelectorAll('main pre')]
        .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 80))""")
    assert sideways == []
    told = page.evaluate('[...document.querySelectorAll("main img")].map(i => i.alt)')
    assert len(set(told)) == len(told), 'two pictures have the same alternative text'
    assert page.locator('#check-yourself details').count() >= 5
    assert 3 <= page.locator('#if-you-want-more a[href^=http]').count() <= 6
    assert page.locator('details.solution').count() >= 2


def background(page): return page.evaluate('getComputedStyle(document.body).backgroundColor')


def dark(colour): return sum(map(int, re.findall(r'\d+', colour))) < 384


@pytest.mark.parametrize('size', [WIDE, PHONE], ids=['wide', 'phone'])
def test_theme_switch(visit, size):
    page = visit('index', size)
    light = background(page)
    page.locator('.quarto-color-scheme-toggle').click()
    page.wait_for_function('light => getComputedStyle(document.body).backgroundColor != light', arg=light)
    dark = background(page)
    page.goto(page.url.replace('index', 'manual'))
    assert background(page) == dark, 'the choice is forgotten on the next page'
    page.locator('.quarto-color-scheme-toggle').click()
    page.wait_for_function('dark => getComputedStyle(document.body).backgroundColor != dark', arg=dark)
    assert background(page) == light


def test_menu_on_a_phone(visit):
    page = visit('index', PHONE)
    link = page.locator('#quarto-sidebar a[href="manual.html"]')
    assert link.bounding_box()['x'] < 0
    page.locator('.quarto-btn-toggle').click()
    page.wait_for_function('document.querySelector("#quarto-sidebar").getBoundingClientRect().x >= 0')
    link.click()
    page.wait_for_url('**/manual.html')


def test_copy_button(visit):
    page = visit('index')
    block = page.locator('.code-copy-outer-scaffold').first
    block.hover()
    block.locator('.code-copy-button').click()
    block.locator('.code-copy-button-checked').wait_for()
    assert page.evaluate('navigator.clipboard.readText()') == block.locator('pre').inner_text()


def test_next_leads_through_all_pages(visit):
    page = visit('index')
    links = page.eval_on_selector_all('#quarto-sidebar a[href]', 'links => links.map(a => a.href)')
    order = [link.split('/')[-1] for link in links]
    assert sorted(order) == sorted(f'{p}.html' for p in PAGES)
    lead = page.evaluate("""order => Promise.all(order.map(async name => {
        const there = new DOMParser().parseFromString(await (await fetch(name)).text(), 'text/html')
        return ['previous', 'next'].map(way => [...there.querySelectorAll(`.nav-page-${way} a`)]
            .map(a => a.getAttribute('href').split('/').pop()))
    }))""", order)
    assert lead == [[order[i-1:i], order[i+1:i+2]] for i in range(len(order))]
    page.locator('.nav-page-next a').click()
    page.wait_for_url(f'**/{order[1]}')
    page.locator('.nav-page-previous a').click()
    page.wait_for_url(f'**/{order[0]}')


def test_folded_code_opens(visit, site):
    folded = '<details class="code-fold"'  # and shut
    name = next((p for p in PAGES if folded in (site/f'{p}.html').read_text()), None)
    if not name: pytest.skip('no page folds its code')
    page = visit(name)
    fold = page.locator('details.code-fold:not([open])').first.element_handle()
    assert not fold.query_selector('pre').is_visible()
    fold.query_selector('summary').click()
    assert fold.query_selector('pre').is_visible()


# ---- widgets, on the site and in a page exported from Jupyter

MOVES = dict(  # what one does first with each widget, three times, and what it then says
    descent=[('button', 'Step', f'After {n} the loss') for n in ('1 step', '2 steps', '3 steps')],
    batches=[('button', 'Next', f'Step {n} of') for n in (2, 3, 4)],
    draw=3*[('button', 'Example 1', 'This looks like a 3')],
    curves=[('checkbox', 'Bias not updated', says)
            for says in ('Bias not updated: after', 'The three tiers', 'Bias not updated: after')])
CHAPTERS = dict(descent='descent', batches='manual', draw='modules', curves='parity')


@pytest.fixture(scope='module')
def exported(tmp_path_factory):
    "The page of widgets as `jupyter nbconvert` writes it"
    nbconvert = pytest.importorskip('nbconvert', reason='nbconvert exports notebooks: it comes with the dev extra')
    exporter = nbconvert.HTMLExporter(require_js_url='', mathjax_url='', jquery_url='')
    text, _ = exporter.from_filename(REPO/'nbs/36_widgets.ipynb')
    file = tmp_path_factory.mktemp('exported')/'widgets.html'
    file.write_text(text)
    return file.as_uri()


@pytest.mark.parametrize('kind', MOVES)
@pytest.mark.parametrize('place', ['its page', 'a chapter', 'exported'])
def test_a_widget_answers(visit, exported, place, kind):
    "To the mouse, to the keyboard, and to a finger on a phone"
    address = {'its page': 'widgets', 'a chapter': CHAPTERS[kind], 'exported': exported}[place]
    page = visit(address, motion='reduce', touch=True)  # how they move is tested in their own files
    widget = page.locator(f'[data-widget={kind}]')
    for how, (role, name, says) in zip(('mouse', 'keyboard', 'touch'), MOVES[kind]):
        width, height = PHONE if how == 'touch' else WIDE
        page.set_viewport_size(dict(width=width, height=height))
        control = widget.get_by_role(role, name=name).first
        dict(mouse=control.click, touch=control.tap, keyboard=lambda: control.press('Space'))[how]()
        widget.get_by_role('status').filter(has_text=says).first.wait_for()
        assert page.evaluate('document.documentElement.scrollWidth') <= width, how
        if kind == 'draw':
            widget.get_by_role('button', name='Clear').click()
            widget.get_by_role('status').filter(has_text='Draw a ').first.wait_for()


@pytest.mark.parametrize('name', [*CHAPTERS.values(), 'index', 'widgets'])
def test_without_scripts_there_are_pictures(visit, name):
    pictures = visit(name, scripts=False).locator('[data-widget] > img')
    assert pictures.count() and all(p.is_visible() and p.get_attribute('alt') for p in pictures.all())


def test_what_sticks_in_a_widget_sticks_below_the_header(visit):
    page = visit('widgets')
    page.evaluate('''window.scrollTo(0,
        scrollY + document.querySelector('[data-widget=batches]').getBoundingClientRect().top + 300)''')
    page.wait_for_function('''() => {
        const scrub = document.querySelector('[data-widget=batches]').shadowRoot.querySelector('.scrub')
        const header = document.querySelector('#quarto-header')
        return Math.abs(scrub.getBoundingClientRect().top - header.offsetHeight) < 2
    }''')


def test_copies_as_text_describe_widgets(site):
    for name in {*CHAPTERS.values(), 'index', 'widgets'}:
        text = (site/f'{name}.llms.md').read_text()
        assert '<script' not in re.sub(r'^```.*?^```', '', text, flags=re.M | re.S) and len(text) < 60_000
    assert 'staggers' in (site/'descent.llms.md').read_text()


# ---- what the pages of the road show, typed along

@pytest.fixture(scope='module', autouse=True)
def typed(request, tmp_path_factory):
    "What becomes of the code that a page shows, by page: one after another is run while other tests drive the browser"
    test = test_what_a_page_shows_runs_as_it_is_typed_along.__name__
    names = [item.callspec.params['name'] for item in request.session.items if item.originalname == test]
    if not names: return (yield)
    site, folder, begun = request.getfixturevalue('site'), tmp_path_factory.mktemp('typed'), []
    code = 'import os, runpy, sys; os.name == "nt" or os.nice(10); runpy.run_path(sys.argv[1], run_name="__main__")'
    def run(name):
        cells = [cell for cell in shown_code((site/f'{name}.html').read_text()) if cell not in SLOW]
        assert len(cells) > 3
        file = folder/f'{name}.py'
        file.write_text('\n'.join(cells), encoding='utf-8')
        begun.append(fork(code, file, MPLBACKEND='agg'))
        return end(begun[-1], seconds=600)
    with ThreadPoolExecutor(1) as one_by_one:
        yield {name: one_by_one.submit(run, name) for name in names}
        one_by_one.shutdown(wait=False, cancel_futures=True)
        for process in begun: process.kill()  # where the tests were broken off


def bare(source):
    "The code of a cell without the words for nbdev"
    return re.sub(r'^#\|.*\n', '', source, flags=re.M).strip()


# They need data that not every machine has, and take long. Where it is on disk, they run with their pages.
SLOW = [bare(source) for notebook in NOTEBOOKS
        for cell in json.loads((REPO/'nbs'/notebook).read_text(encoding='utf-8'))['cells']
        if re.search(r'^#\|\s*slow', source := ''.join(cell['source']), re.M)]


def shown_code(page):
    "The code cells of a page's HTML, as one reads them"
    return [html.unescape(re.sub(r'<.*?>', '', cell, flags=re.S)).strip()
            for cell in re.findall(r'<pre class="[^"]*\bcell-code\b[^"]*">(.*?)</pre>', page, re.S)]


@pytest.mark.parametrize('name', ['index', *ROAD])
def test_what_a_page_shows_runs_as_it_is_typed_along(typed, name):
    done = typed[name].result()
    assert done.status == 0, done.err[-2000:]
