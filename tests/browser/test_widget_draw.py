"The sheet to draw on: its arithmetic against PyTorch and Pillow; mouse, keyboard and touch in Chromium"
import base64
import io
import zlib
from functools import partial

import drawing
import numpy as np
import pytest
import torch
from PIL import Image
from tabs import violations
from torch import nn

from fastsgd import archs, manual, modules, widgets
from fastsgd import model as M
from fastsgd.data import get_dls


@pytest.fixture(scope='module')
def linear(data):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        model, dls = modules.linear_model(), get_dls(data)
    modules.train_model(model, modules.BasicOptim(model.parameters(), 1.), dls.train, dls.valid, 10)
    return model


def random_model(maker, n_out):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return maker(n_out=n_out)


@pytest.fixture
def compute(javascript): return partial(javascript, 'draw')


def on_sheet(x):
    "A digit as the examples put it on the sheet, (280, 280) of uint8: dark on white, ten pixels for one"
    return 255 - np.kron((255*x.reshape(28, 28)).round().byte().numpy(), np.ones((10, 10), np.uint8))


# Arithmetic

prepared = '''({grey, width, height}) => {
    const bytes = Uint8Array.from(atob(grey), c => c.charCodeAt(0)), data = new Uint8ClampedArray(4*bytes.length)
    bytes.forEach((v, i) => data.set([v, v, v, 255], 4*i))
    const x = prepare(new ImageData(data, width, height))
    return x && [...x] }'''


def in_browser(compute, px):
    height, width = px.shape
    return compute(prepared, grey=base64.b64encode(px.tobytes()).decode(), width=width, height=height)


def test_a_drawing_is_prepared_as_in_python(compute, digits, net):
    smooth = [np.asarray(Image.fromarray(on_sheet(x)[::10, ::10]).resize((280, 280))) for x in digits.valid_x[20:40]]
    sheets = [on_sheet(x) for x in digits.valid_x[:20]] + smooth
    ours = torch.tensor([in_browser(compute, px) for px in sheets])
    theirs = torch.stack([M.prepare(Image.fromarray(px)) for px in sheets])
    differences = (ours - theirs).abs()
    print(f'largest difference {differences.max():.1e}, mean {differences.mean():.1e}')
    assert differences.max() < 1e-6
    assert torch.equal(net.predict(ours).argmax(1), net.predict(theirs).argmax(1))
    assert (net.predict(ours).argmax(1) == digits.valid_y[:40]).sum() >= 36


@pytest.mark.parametrize('kind', ['wide', 'tall', 'small', 'white on black', 'grey paper', 'across the edge', 'dot'])
def test_odd_drawings_are_prepared_as_in_python(kind, compute, digits):
    px = on_sheet(digits.valid_x[1])
    sheet = np.full((280, 280), 255, np.uint8)
    if kind == 'wide': sheet[100:131, 20:257] = 0
    if kind == 'tall': sheet[13:270, 131:150] = 40
    if kind == 'small': sheet[7:35, 240:268] = px[::10, ::10]
    if kind == 'white on black': sheet = 255 - px
    if kind == 'grey paper': sheet = (px//2 + 100).astype(np.uint8)
    if kind == 'across the edge': sheet = np.roll(px, 110, axis=(0, 1))
    if kind == 'dot': sheet[50, 60] = 0
    theirs = torch.tensor(in_browser(compute, sheet), dtype=torch.float32)
    assert torch.allclose(theirs, M.prepare(Image.fromarray(sheet)), rtol=0, atol=1e-6)


def test_shades_of_the_paper_are_no_ink(compute):
    sheet = np.full((40, 60), 255, np.uint8)
    assert in_browser(compute, sheet) is None
    sheet[10:20, 10:20] = 230  # less than a tenth
    assert in_browser(compute, sheet) is None
    sheet[10:20, 10:20] = 0
    sheet[30:35, 40:50] = 204  # a fifth, the edge of what counts
    assert in_browser(compute, sheet) == M.prepare(Image.fromarray(sheet)).tolist()
    assert in_browser(compute, 255 - sheet) == M.prepare(Image.fromarray(255 - sheet)).tolist()


scored = '''async ({widget, xs}) => {
    const data = await unpack(widget), layers = layersOf(data)
    const parts = x => evidence(layers, x).map(({terms, score}) => ({terms: [...terms], score}))
    return xs.map(x => {
        const out = predict(layers, x)
        return {out: [...out], probs: probabilities(out), parts: parts(x)} }) }'''


def by_hand(widget):
    "A model from what a widget holds"
    data = widget.data
    def read(name):
        values = np.frombuffer(zlib.decompress(base64.b64decode(data[name]['zip'])), data[name]['dtype'])
        p = torch.from_numpy(values.reshape(data[name]['shape']).copy()).double()
        if name in data['scales']: p = data['scales'][name]*(p - 128)
        return p.T.contiguous() if p.ndim == 2 else p
    names = [name for name in data if name in ('weights', 'bias', 'w1', 'b1', 'w2', 'b2')]
    arch = 'simple_net' if 'w1' in names else 'linear'
    return M.Model(arch, {name: read(name) for name in names}, data['classes'])


all_ten = tuple(range(10))
makers = {'linear, two classes': (modules.linear_model, (3, 7)), 'linear, three': (modules.linear_model, (7, 0, 8)),
          'linear, ten': (modules.linear_model, all_ten),
          'net, two': (modules.simple_net, (3, 7)), 'net, ten': (modules.simple_net, all_ten),
          'large net': (partial(modules.simple_net, n_hidden=100), all_ten),
          'small net': (partial(modules.simple_net, n_hidden=10), (4, 9))}


@pytest.mark.parametrize('maker, classes', makers.values(), ids=makers)
def test_scores_and_evidence_are_those_of_pytorch(maker, classes, compute, digits):
    model = random_model(maker, 1 if len(classes) == 2 else len(classes))
    widget, xs = widgets.draw_digit(model, classes), digits.valid_x[:5]
    kept = by_hand(widget)
    for x, got in zip(xs, compute(scored, widget=widget.data, xs=xs.double().tolist())):
        out = archs.as_function(kept.arch, kept.params)(x[None].double())[0]
        assert torch.allclose(torch.tensor(got['out'], dtype=torch.float64), out, rtol=0, atol=1e-12)
        if not widget.data['scales']:
            assert torch.allclose(torch.tensor(got['out']), model(x).detach(), rtol=0, atol=1e-5)
        probs = torch.tensor(got['probs'], dtype=torch.float64)
        assert torch.allclose(probs, kept.predict(x[None].double())[0], rtol=0, atol=1e-12)
        for k, part in enumerate(got['parts']):
            terms = torch.tensor(part['terms'], dtype=torch.float64)
            assert torch.allclose(terms, widgets._evidence(kept, x.double(), k), rtol=0, atol=1e-12)
            sign, i = (-1 if k else 1, 0) if len(classes) == 2 else (1, k)
            score = sign*out[i]
            assert abs(part['score'] - score) < 1e-12
            if kept.arch == 'linear': assert abs(terms.sum() + sign*kept.params['bias'][i] - score) < 1e-12


def test_huge_scores_give_probabilities(compute):
    assert compute('() => probabilities([1e4, -1e4, 0])') == [1, 0, 0]
    assert compute('() => [probabilities([1e4]), probabilities([-1e4])]') == [[1, 0], [0, 1]]


def test_halves_are_rounded_as_in_python(compute):
    halves = [n/2 for n in range(-6, 7)]
    assert compute('({halves}) => halves.map(rounded)', halves=halves) == [round(h) for h in halves]


# Python

def test_models_of_any_tier_make_the_same_widget(linear, data):
    tier1 = partial(manual.linear1, weights=linear.weight.T.detach(), bias=linear.bias.detach())
    widget = widgets.draw_digit(linear, (3, 7))
    turned_round = partial(tier1.func, **dict(reversed(tier1.keywords.items())))
    for model in (tier1, turned_round, list(tier1.keywords.values()), nn.Sequential(linear),
                  M.as_model(linear, (3, 7))):
        assert widgets.draw_digit(model, None if isinstance(model, M.Model) else (3, 7)) == widget


def test_few_weights_stay_as_they_are_and_many_become_bytes(linear):
    assert torch.equal(by_hand(widgets.draw_digit(linear, (3, 7))).params['weights'], linear.weight.T.detach().double())
    net = random_model(modules.simple_net, 10)
    kept, params = by_hand(widgets.draw_digit(net, range(10))).params, M.as_model(net, range(10)).params
    for name in 'w1', 'w2':
        assert 0 < (kept[name] - params[name]).abs().max() <= params[name].abs().max()/254*(1 + 1e-6)
    for name in 'b1', 'b2': assert torch.equal(kept[name].float(), params[name])


def test_the_largest_model_that_fits_weighs_less_than_150_kb():
    torch.manual_seed(0)
    # Bytes that cannot be packed
    worst = [torch.rand(784, 100)*2 - 1, torch.rand(100), torch.rand(100, 10), torch.rand(10)]
    assert 100_000 < len(widgets.draw_digit(worst, range(10))._repr_html_()) < 150_000


@pytest.mark.parametrize('model, classes, word', [
    (modules.simple_net(n_hidden=101, n_out=10), range(10), '80,305 parameters: at most 80,000'),
    (modules.linear_model(), None, 'not a digit'), (nn.Conv2d(1, 1, 3), (3, 7), 'Conv2d'),
    (modules.linear_model(), (3, 5, 7), 'shapes'),
    ([torch.full((784, 1), 1e300, dtype=torch.float64), torch.zeros(1)], (3, 7), 'float32'),
    (M.as_model(modules.linear_model(), (3, 7)), (7, 3), 'leave classes out')])
def test_what_cannot_be_shown_is_refused(model, classes, word):
    with pytest.raises(ValueError, match=word): widgets.draw_digit(model, classes)


@pytest.mark.parametrize('params', [
    [torch.zeros(784, 1), torch.zeros(1)],
    [torch.zeros(784, 20), torch.zeros(20), torch.zeros(20, 1), torch.zeros(1)]], ids=['linear', 'net'])
def test_a_model_that_knows_nothing_can_be_shown(play, params):
    page = play(widgets.draw_digit(params, (3, 7)))
    nothing = torch.zeros(784)
    assert_colours(page, nothing, nothing)
    page.control('Example 1: a 3').click()
    assert reading(page) == 'This looks like a 3.' and shares(page) == ['50%', '50%']
    assert_colours(page, nothing, seen(page))


# Mouse

def reading(page):
    "What it says once it has read the sheet"
    page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return page.said.inner_text()


def shares(page): return page.widget.locator('.bars td:last-child').all_inner_texts()


def sums(page): return page.widget.locator('.sums').inner_text()


def draw(page, x):
    "Draw a digit with the mouse; returns the answer"
    drawing.draw(page, x)
    return reading(page)


def ink_at(page, *points):
    "The grey values of the sheet at some points"
    return page.widget.locator('.sheet canvas').evaluate('''(canvas, points) =>
        points.map(([x, y]) => canvas.getContext('2d').getImageData(x, y, 1, 1).data[0])''', points)


def seen(page):
    "The sheet as Python sees it, after its preparation"
    return M.prepare(drawing.drawing(page))


def test_drawn_digits_are_read(play, digits, net):
    page = play(widgets.draw_digit(net))
    right = 0
    for x, y in zip(digits.valid_x[:10], digits.valid_y.tolist()):
        said = draw(page, x)
        right += said.split()[-1] == f'{y}.'
        probs = net.predict(seen(page)[None])[0]
        shown = torch.tensor([float(s.rstrip('%'))/100 for s in shares(page)])
        assert (shown - probs).abs().max() < 0.03, 'the page and Python read differently'
    print(f'{right} of 10 drawn digits are read right')
    assert right >= 9


def test_what_is_said_and_shown_is_what_python_computes(play, linear, digits):
    page = play(widgets.draw_digit(linear, (3, 7)))
    assert page.said.inner_text() == 'Draw a 3 or a 7.' and shares(page) == ['', '']
    threes = digits.valid_x[digits.valid_y == 3]
    said = draw(page, threes[0])
    kept = M.as_model(linear, (3, 7))
    x = seen(page)
    answer = kept.predict(x[None])[0].argmax().item()
    assert said == f'This looks like a {(3, 7)[answer]}.'
    for choice, k in ('the digit it reads', answer), ('a 3', 0), ('a 7', 1):
        page.control('What speaks for', 'combobox').select_option(choice)
        terms, sign = widgets._evidence(kept, x, k), (1, -1)[k]
        values = (terms.clamp(min=0).sum(), terms.clamp(max=0).sum(),
                  sign*kept.params['bias'].item(), sign*linear(x).item())
        blue, orange, bias, score = (f'{v:.2f}'.replace('-', '−') for v in values)
        assert sums(page) == (f'For a {(3, 7)[k]}: blue pixels {blue}, orange ones {orange}, bias {bias}. '
                              f'The score is the sum, {score}.')
        assert_colours(page, terms, x)


def assert_colours(page, terms, x):
    "The two pictures show these numbers, pixel for pixel"
    def colours(i):
        image = page.widget.locator('.pair canvas').nth(i).evaluate('canvas => canvas.toDataURL().split(",")[1]')
        image = Image.open(io.BytesIO(base64.b64decode(image))).convert('RGB')
        at = [(int((n + .5)*image.width/28), int((n + .5)*image.height/28)) for n in range(28)]
        return torch.tensor([image.getpixel((at[i][0], at[j][1])) for j in range(28) for i in range(28)])
    white_on_black, looks = colours(0), colours(1)
    assert (white_on_black - 255*x[:, None]).abs().max() <= 1
    share = (terms/(terms.abs().max() or 1))[:, None]
    end = torch.where(share > 0, torch.tensor([0, 114, 178]), torch.tensor([213, 94, 0]))
    assert (looks - (255 + (end - 255)*share.abs())).abs().max() <= 1


def test_it_reads_while_the_pen_is_down(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)))
    box = page.widget.locator('.sheet canvas').bounding_box()
    page.mouse.move(box['x'] + 60, box['y'] + 60)
    page.mouse.down()
    page.mouse.move(box['x'] + 220, box['y'] + 60, steps=4)
    assert reading(page).startswith('This looks like')
    before = sums(page)
    page.mouse.move(box['x'] + 120, box['y'] + 240, steps=4)
    assert reading(page) == 'This looks like a 7.' and sums(page) != before
    page.mouse.up()
    after = sums(page)
    page.mouse.move(box['x'] + 20, box['y'] + 20)  # a pen that is up leaves no ink
    reading(page)
    assert sums(page) == after
    page.control('Clear').click()
    assert reading(page) == 'Draw a 3 or a 7.' and shares(page) == ['', '']


def test_another_button_of_the_mouse_does_not_draw(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)))
    page.widget.locator('.sheet canvas').click(button='right')
    assert reading(page) == 'Draw a 3 or a 7.'


@pytest.mark.parametrize('classes, words', [
    ((3, 7), 'Draw a 3 or a 7.'), ((1, 8), 'Draw a 1 or an 8.'),
    ((8, 0, 5), 'Draw an 8, a 0 or a 5.'), (range(10), 'Draw a digit from 0 to 9.')])
def test_an_empty_sheet_says_what_to_draw(play, classes, words):
    model = random_model(modules.linear_model, 1 if len(classes) == 2 else len(classes))
    page = play(widgets.draw_digit(model, classes))
    assert page.said.inner_text() == words


def test_examples_were_never_trained_on(play, net, digits):
    widget = widgets.draw_digit(net)
    page = play(widget)
    names = page.widget.locator('.thumb').evaluate_all('buttons => buttons.map(b => b.ariaLabel)')
    assert len(names) == 10
    right = 0
    for i, name in enumerate(names):
        page.control(name).click()
        right += reading(page) == f'This looks like {"an" if i == 8 else "a"} {i}.'
        first = digits.valid_x[digits.valid_y == i][0]
        assert torch.equal(seen(page), M.prepare(Image.fromarray(on_sheet(first))))
    assert right >= 9


# Keyboard, touch, and what people have set

def test_keys_draw_a_seven(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)))
    pen = page.widget.locator('.pen')
    page.keyboard.press('Tab')
    assert pen.inner_text() == 'Pen up, column 14, row 14 of 28.'
    def press(key, n=1):
        for _ in range(n): page.keyboard.press(key)
    press('ArrowUp', 9)
    press('ArrowLeft', 7)
    assert pen.inner_text() == 'Pen up, column 7, row 5 of 28.' and reading(page) == 'Draw a 3 or a 7.'
    press('Space')
    assert pen.inner_text() == 'Pen down, column 7, row 5 of 28.' and page.widget.locator('.nib.down').is_visible()
    press('ArrowRight', 12)
    for _ in range(6):
        press('ArrowLeft')
        press('ArrowDown', 3)
    press('Enter')
    assert pen.inner_text() == 'Pen up, column 13, row 23 of 28.'
    assert reading(page) == 'This looks like a 7.'
    drawn = sums(page)
    press('ArrowDown', 9)
    assert pen.inner_text() == 'Pen up, column 13, row 28 of 28.', 'the pen stays on the sheet'
    reading(page)
    assert sums(page) == drawn and page.evaluate('scrollY') == 0
    press('Tab')
    assert pen.inner_text() == '' and not page.widget.locator('.nib').is_visible()
    press('Enter')
    assert reading(page) == 'Draw a 3 or a 7.'
    press('Tab')
    press('Enter')
    assert reading(page) == 'This looks like a 3.'
    press('Tab', 6)
    page.keyboard.type('a 7')
    assert sums(page).startswith('For a 7:')


def test_a_pen_that_is_lifted_starts_a_new_stroke(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)))
    page.keyboard.press('Tab')
    for key in ['Space', 'Space', *['ArrowRight']*10, 'Space', 'Space']: page.keyboard.press(key)
    assert ink_at(page, (135, 135), (185, 135), (235, 135)) == [0, 255, 0]


def test_a_finger_draws_on_a_phone(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)), size=(360, 800), touch=True)
    assert page.evaluate('document.documentElement.scrollWidth') <= 360, 'the page scrolls sideways'
    send = drawing.fingers(page)
    page.evaluate('addEventListener("touchstart", event => { window.swiped = !event.defaultPrevented })')
    send('touchStart', (.25, .2))
    assert page.evaluate('swiped') is False, 'the browser would take the stroke for a swipe'
    for i in range(11): send('touchMove', (.25 + .04*i, .2))
    for i in range(11): send('touchMove', (.65 - .02*i, .2 + .06*i))
    send('touchEnd')
    assert reading(page) == 'This looks like a 7.' and page.evaluate('scrollY') == 0
    drawn = sums(page)
    page.control('Clear').tap()
    page.said.filter(has_text='Draw a 3 or a 7.').wait_for()  # a tap becomes a click a moment later
    page.control('Example 1: a 3').tap()
    page.said.filter(has_text='This looks like a 3.').wait_for()
    assert sums(page) != drawn


def test_a_second_finger_does_not_join_the_stroke(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)), touch=True)
    send = drawing.fingers(page)
    send('touchStart', (.15, .15))
    send('touchStart', (.15, .15), (.85, .85))
    send('touchMove', (.15, .2), (.85, .8))
    send('touchEnd')
    reading(page)
    assert ink_at(page, (42, 50), (140, 140), (238, 230)) == [0, 255, 255]


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_everybody_can_use_it(play, theme, net):
    page = play(widgets.draw_digit(net), theme=theme, motion='reduce', size=(360, 800))
    page.control('Example 4: a 3').click()
    reading(page)
    assert page.evaluate('document.documentElement.scrollWidth') <= 360
    page.evaluate('document.body.style.background = "Canvas"')  # axe takes what has no colour for white
    found = violations(page)
    assert not [(v['id'], v['help'], [n['html'][:150] for n in v['nodes'][:5]]) for v in found]


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_the_sheet_is_white_and_its_ink_dark_in_both_themes(play, theme, linear):
    page = play(widgets.draw_digit(linear, (3, 7)), theme=theme)
    assert page.widget.locator('section').evaluate('s => s.classList.contains("dark")') == (theme == 'dark')
    page.widget.locator('.sheet canvas').click(position=dict(x=100, y=100))
    assert ink_at(page, (100, 100), (200, 200)) == [0, 255]


def test_without_scripts_there_is_the_picture(play, linear):
    page = play(widgets.draw_digit(linear, (3, 7)), scripts=False)
    image = page.widget.get_by_role('img')
    assert image.is_visible() and 'a 3 in 28 by 28 pixels' in image.get_attribute('alt')
    assert image.bounding_box()['width'] > 300
