"One batch at a time: its run against PyTorch's, and how it answers to mouse, keyboard and touch, in Chromium"
import base64
import re
import zlib
from dataclasses import replace
from functools import partial
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from fastsgd import manual
from fastsgd.data import load_digits
from fastsgd.widgets import batch_by_batch


@pytest.fixture(scope='module')
def widget(data): return batch_by_batch(data)


@pytest.fixture
def script(javascript):
    def run(code, data): return javascript('batches', f'async data => ({code})(await unpack(data))', **data)
    return run


def numbers(packed):
    "What Python packed, as a tensor"
    array = np.frombuffer(zlib.decompress(base64.b64decode(packed['zip'])), packed['dtype'])
    return torch.from_numpy(array.copy()).reshape(packed['shape'])


def truth(widget):
    "The widget's run by the package: for each step its batch, its predictions and loss, and the parameters after it"
    x, y, orders = (numbers(widget.data[name]) for name in ('x', 'y', 'orders'))
    x, y, orders = x.double()/255, y[:, None].long(), orders.long()
    weights, bias = (torch.zeros(size, dtype=torch.float64).requires_grad_() for size in ((784, 1), (1,)))
    model = partial(manual.linear1, weights=weights, bias=bias)
    steps = []
    for rows in orders:
        xb, yb = x[rows], y[rows]
        with torch.no_grad(): preds = model(xb)
        manual.train_epoch(model, widget.data['lr'], [weights, bias], [(xb, yb)])
        steps.append(dict(
            xb=xb, yb=yb.flatten(), preds=preds.flatten(),
            loss=manual.mnist_loss(preds, yb).item(), right=((preds.sigmoid() > 0.5) == yb).flatten(),
            weights=weights.detach().flatten().clone(), bias=bias.item()))
    return steps


@pytest.fixture(scope='module')
def steps(widget): return truth(widget)


def said(steps, k):
    step = steps[k - 1]
    return (f'Step {k} of {len(steps)}, epoch {(k - 1)//5 + 1}. '
            f'The model is right on {step["right"].sum()} of 64; the loss is {step["loss"]:.3f}.')


def minus(text): return text.replace('-', '−')


def about(step, i):
    "What the widget says of digit i, from 0"
    p = step['preds'][i].item()
    def name(target): return 'a 3' if target else 'a 7'
    verdict = 'right' if step['right'][i] else 'wrong'
    return minus(f'prediction {p:.3f}. Its sigmoid is {torch.tensor(p).sigmoid():.3f}, and more than 0.5 means a 3. '
                 f'Taken for {name(p > 0)}, and it is {name(step["yb"][i])}: {verdict}.')


def slide(page, name): return page.control(re.compile(f'^{name}'), role='slider')


def tile(page, i, columns):
    "Where digit i stands, from 0, in its canvas"
    box = page.widget.locator('.tiles').bounding_box()
    side = box['width']/columns
    return dict(x=(i % columns + 0.5)*side, y=(i//columns + 0.5)*side)


def looked_at(canvas):
    "The colours of a canvas, (height, width, 3)"
    width, height, png = canvas.evaluate('c => [c.width, c.height, c.toDataURL()]')
    picture = Image.open(BytesIO(base64.b64decode(png.split(',')[1]))).convert('RGB')
    return np.asarray(picture).reshape(height, width, 3).astype(int)


def has(canvas, rgb): return (looked_at(canvas) == rgb).all(-1).any()


# The arithmetic

@pytest.mark.parametrize('settings', [
    {}, dict(lr=0.3, bs=32, seed=7, epochs=40), dict(lr=0.2, bs=3, n_batches=4, epochs=50, seed=1)])
def test_each_step_ends_with_pytorchs_weights(script, data, settings):
    widget = batch_by_batch(data, **settings)
    steps = truth(widget)
    run = script('''d => training(unitPixels(d.x), d.y, d.orders, d.lr).map(
        s => ({weights: [...s.after.weights], bias: s.after.bias, loss: s.loss}))''', widget.data)
    assert len(run) == len(steps) and steps[-1]['weights'].abs().max() > 0.1
    def distance(js, py):
        weights = torch.tensor(js['weights'], dtype=torch.float64)
        off = (weights - py['weights']).abs().max().item()
        return max(off, abs(js['bias'] - py['bias']), abs(js['loss'] - py['loss']))
    far = [distance(js, py) for js, py in zip(run, steps)]
    print(f'largest difference of {len(run)} steps: {max(far):.1e}')
    assert max(far) < 1e-9


def test_what_is_embedded_ends_where_the_package_ends(widget, steps):
    assert (numbers(widget.data['weights']) - steps[-1]['weights']).abs().max() < 1e-12
    assert abs(widget.data['bias'] - steps[-1]['bias']) < 1e-12


def test_the_digits_are_those_of_the_data_and_each_epoch_sees_each_once(widget, data):
    x, y, orders = (numbers(widget.data[name]) for name in ('x', 'y', 'orders'))
    rows = (data.train_x*255).round().byte()
    known = {row.numpy().tobytes(): int(label) for row, label in zip(rows, data.train_y)}
    assert len(x) == len(y) == 320 and all(known[row.numpy().tobytes()] == label for row, label in zip(x, y))
    epochs = orders.reshape(8, 320)
    assert (epochs.sort().values == torch.arange(320)).all() and (epochs[0] != epochs[1]).any()


def test_the_seed_decides(widget, data):
    assert batch_by_batch(data).data == widget.data
    assert batch_by_batch(data, seed=1).data['orders'] != widget.data['orders']


def test_the_end_is_compared_with_pytorch(play, widget):
    end = play(widget).widget.locator('.verdict').text_content()
    far = re.search(r'PyTorch end with the same weights: the largest difference is (\S+)\.$', end)[1]
    assert 0 <= float(far) < 1e-12


def test_a_run_that_ends_elsewhere_is_not_called_the_same(play, widget):
    other = replace(widget, data={**widget.data, 'bias': widget.data['bias'] + 1e-6})
    end = play(other).widget.locator('.verdict').text_content()
    assert end.endswith('PyTorch end with other weights: the largest difference is 1e-6.')


# What it shows, and how it is driven

def test_buttons_go_to_the_next_step_and_back(play, widget, steps):
    page = play(widget)
    assert page.said.text_content() == said(steps, 1)
    for _ in range(6): page.control('Next').click()
    assert page.said.text_content() == said(steps, 7)
    page.control('Previous').click()
    assert page.said.text_content() == said(steps, 6)


def test_there_is_nothing_before_the_first_step_nor_after_the_last(play, widget, steps):
    page = play(widget)
    def disabled(name): return page.control(name).get_attribute('aria-disabled') == 'true'
    page.control('Previous').focus()
    page.keyboard.press('Enter')
    assert page.said.text_content() == said(steps, 1) and disabled('Previous')
    slide(page, 'Step').press('End')
    page.control('Next').press('Enter')
    assert page.said.text_content() == said(steps, 40) and disabled('Next')
    page.control('Previous').press('Enter')
    assert page.said.text_content() == said(steps, 39) and not disabled('Next')


def test_the_keyboard_reaches_all_of_it(play, widget, steps):
    page = play(widget)
    def focus(): return page.evaluate('''() => {
        const active = document.querySelector('[data-widget]').shadowRoot.activeElement
        return active?.textContent || active?.parentElement.firstChild.textContent }''')
    order = []
    for _ in range(5):
        page.keyboard.press('Tab')
        order.append(focus())
    assert order == ['Previous', 'Next', 'Run', 'Step', 'Digit']
    for _ in range(18): page.keyboard.press('ArrowRight')
    page.keyboard.press('Shift+Tab')
    page.keyboard.press('ArrowRight')
    assert page.said.text_content() == said(steps, 2)
    assert page.widget.locator('.about').text_content().endswith(about(steps[1], 18))
    assert slide(page, 'Step').get_attribute('aria-valuetext') == '2 of 40'
    assert slide(page, 'Digit').get_attribute('aria-valuetext') == f'19 of 64, a {3 if steps[1]["yb"][18] else 7}'


def test_a_click_on_a_tile_chooses_its_digit(play, widget, steps):
    page = play(widget)
    page.control('Next').click()
    wrong = (~steps[1]['right']).nonzero().flatten().tolist()
    for i in (0, 15, 16, 63, wrong[0]):
        page.widget.locator('.tiles').click(position=tile(page, i, 16))
        step, text = steps[1], page.widget.locator('.about').text_content()
        p, bias = step['preds'][i].item(), steps[0]['bias']
        assert text == minus(f'Sum of all products {p - bias:.3f}, plus bias {bias:.3f}: ') + about(step, i)
        assert page.widget.locator('.tiles').get_attribute('aria-label').endswith(f'Chosen: digit {i + 1}.')
    p = torch.sigmoid(step['preds'][i]).item()
    far = 1 - p if step['yb'][i] else p
    says = f'its share in the loss: {far/64:.4f}. All 64 shares together make {step["loss"]:.3f}.'
    assert says in page.widget.locator('.half').first.text_content()


def test_taps_do_what_clicks_do(play, widget, steps):
    page = play(widget, size=(360, 740), touch=True)
    page.control('Next').tap()
    page.widget.locator('.tiles').tap(position=tile(page, 42, 8))
    assert page.said.text_content() == said(steps, 2)
    assert page.widget.locator('.about').text_content().endswith(about(steps[1], 42))
    box = page.widget.locator('.track').bounding_box()
    page.widget.locator('.track').tap(position=dict(x=38 + (box['width'] - 46)*20/39, y=90))
    assert page.said.text_content() == said(steps, 21)


def test_the_curve_is_a_way_through_the_run(play, widget, steps):
    page = play(widget)
    track = page.widget.locator('.track')
    width = track.bounding_box()['width']
    place = lambda k: 38 + (width - 46)*(k - 1)/39
    track.click(position=dict(x=place(30), y=80))
    assert page.said.text_content() == said(steps, 30) and slide(page, 'Step').input_value() == '30'
    track.hover(position=dict(x=place(10), y=80))
    assert page.said.text_content() == said(steps, 30)
    page.mouse.down()
    track.hover(position=dict(x=place(12), y=80))
    page.mouse.up()
    assert page.said.text_content() == said(steps, 12)
    assert f'now step 12, {steps[11]["loss"]:.3f}.' in track.get_attribute('aria-label')
    track.click(position=dict(x=2, y=80))
    assert page.said.text_content() == said(steps, 1)


def test_what_is_wrong_is_framed_crossed_and_named(play, widget, steps):
    page = play(widget)
    page.control('Next').click()
    wrong = (~steps[1]['right']).nonzero().flatten().tolist()
    tiles = page.widget.locator('.tiles')
    assert wrong and f'Wrong: {", ".join(str(i + 1) for i in wrong)}. ' in tiles.get_attribute('aria-label')
    seen = looked_at(tiles)
    side = seen.shape[1]/16
    for i in range(1, 64):
        left, top = i % 16*side, i//16*side
        framed = (seen[int(top + side - 3), int(left + side/2)] == [255, 168, 102]).all()
        crossed = (seen[int(top + 5 + (side - 4)/8), int(left + side - 5 - (side - 4)/8)] == 255).all()
        assert framed == (i in wrong) and (crossed or i not in wrong)


@pytest.mark.parametrize('k', [1, 23, 40])
def test_the_pictures_are_the_numbers(play, widget, steps, k):
    page = play(widget)
    slide(page, 'Step').fill(str(k))
    most = max(s['weights'].abs().max() for s in steps)
    before = steps[k - 2]['weights'] if k > 1 else torch.zeros(784, dtype=torch.float64)
    after = steps[k - 1]['weights']
    change = before - after
    scales = {'The weights now': (before, most), 'The weights after the step': (after, most),
              'The learning rate times the gradient': (change, most),
              'The gradient of the loss': (change, change.abs().max()),
              'Each pixel times its weight': (before*steps[k - 1]['xb'][0], most)}
    for name, (values, full) in scales.items():
        canvas = page.widget.get_by_role('img', name=name, exact=True).first
        seen = looked_at(canvas)
        side = seen.shape[1]/28
        for j in {*values.abs().topk(5).indices.tolist(), 0, 405}:
            share, end = min(abs(values[j].item())/full.item(), 1), (0, 114, 178) if values[j] > 0 else (213, 94, 0)
            wanted = [255 + (e - 255)*share for e in end]
            assert seen[int((j//28 + 0.5)*side), int((j % 28 + 0.5)*side)] == pytest.approx(wanted, abs=1)


def test_run_goes_to_the_end_and_starts_over(play, data):
    page = play(batch_by_batch(data, n_batches=2, epochs=2))
    page.said.evaluate('''p => {
        p.heard = []
        new MutationObserver(() => p.heard.push(p.textContent)).observe(p, {childList: true}) }''')
    for _ in range(2):
        page.said.evaluate('p => { p.heard = [] }')
        page.control('Run').click()
        page.said.and_(page.widget.locator('[aria-live=polite]')).wait_for()
        assert page.said.text_content().startswith('Step 4 of 4, epoch 2.') and page.control('Run').is_visible()
        assert page.said.evaluate('p => p.heard.some(text => !text.startsWith("Step 4 "))')


def test_pause_stops_where_it_is(play, widget, steps):
    page = play(widget)
    page.control('Run').click()
    assert page.said.get_attribute('aria-live') == 'off'
    page.widget.get_by_text(re.compile(r'^Step ([3-9]|\d\d) of 40, ')).wait_for()
    page.control('Pause').click()
    k = int(slide(page, 'Step').input_value())
    page.wait_for_timeout(600)
    assert 3 <= k < 40 and page.said.text_content() == said(steps, k)


def test_a_step_by_hand_stops_the_run(play, widget, steps):
    page = play(widget)
    page.control('Run').click()
    slide(page, 'Step').fill('30')
    page.control('Run').wait_for()
    page.wait_for_timeout(600)
    assert page.said.text_content() == said(steps, 30)


def test_readers_who_want_no_motion_get_the_end_at_once(play, widget, steps):
    page = play(widget, motion='reduce')
    page.control('Run').click()
    assert page.said.text_content() == said(steps, 40) and page.control('Run').is_visible()


def test_colours_follow_the_theme(play, widget):
    for theme, blue, other in ('light', [0, 114, 178], [86, 180, 233]), ('dark', [86, 180, 233], [0, 114, 178]):
        track = play(widget, theme=theme).widget.locator('.track')
        assert has(track, blue) and not has(track, other)


@pytest.mark.parametrize('width', [320, 360, 900])
def test_nothing_reaches_out_of_the_page(play, widget, width):
    page = play(widget, size=(width, 740))
    outside = page.widget.locator('section *').evaluate_all('''all => {
        const right = e => e.getBoundingClientRect().right
        const end = e => right(e.getRootNode().querySelector('section')) + 0.5
        return all.filter(e => right(e) > end(e)).map(e => e.outerHTML.slice(0, 80)) }''')
    assert outside == [] and page.evaluate('document.documentElement.scrollWidth') <= width


def test_the_step_stays_at_hand_further_down(play, widget):
    page = play(widget, size=(360, 740))
    page.widget.locator('.verdict').scroll_into_view_if_needed()
    assert page.control('Next').bounding_box()['y'] >= 0


def test_without_scripts_there_is_a_picture(play, widget):
    picture = play(widget, scripts=False).get_by_alt_text(widget.alt)
    assert picture.is_visible() and picture.evaluate('i => i.naturalWidth') > 600


@pytest.mark.parametrize('settings', [
    dict(bs=1, n_batches=1, epochs=1), dict(bs=5, n_batches=3, epochs=1), dict(bs=17, n_batches=1, epochs=2)])
def test_small_runs_work_too(play, data, settings):
    page = play(batch_by_batch(data, **settings))
    slide(page, 'Step').press('End')
    slide(page, 'Digit').press('End')
    n, bs = settings['n_batches']*settings['epochs'], settings['bs']
    assert page.said.text_content().startswith(f'Step {n} of {n}, epoch {settings["epochs"]}. ')
    assert page.widget.locator('.tiles').get_attribute('aria-label').endswith(f'Chosen: digit {bs}.')
    page.widget.locator('.tiles').click(position=tile(page, 0, 16))
    assert page.widget.locator('.tiles').get_attribute('aria-label').endswith('Chosen: digit 1.')


@pytest.mark.parametrize('classes', [(3, 7), (0, 8)])
def test_the_largest_still_fits_a_page(own_cache, classes):
    assert len(batch_by_batch(load_digits(classes=classes), bs=64, n_batches=5, epochs=25)._repr_html_()) < 150_000


# Bad input

@pytest.mark.parametrize('settings, words', [
    (dict(lr=0), 'lr is 0: give a positive number'), (dict(lr=float('nan')), 'lr is nan'), (dict(lr=11), 'at most 10'),
    (dict(bs=0), 'bs is 0: give a whole number, such as bs=64'), (dict(bs=6.4), 'bs is 6.4'),
    (dict(n_batches=-1), 'n_batches is -1'), (dict(epochs=0), 'epochs is 0'), (dict(seed=None), 'seed is None'),
    (dict(bs=200), '1000 digits, and data has 800'), (dict(bs=100), 'at most 320 digits'),
    (dict(epochs=60), 'looked at 19200 times'),
])
def test_settings_that_make_no_widget(data, settings, words):
    with pytest.raises(ValueError, match=re.escape(words)): batch_by_batch(data, **settings)


def test_data_that_makes_no_widget(data, ten):
    for bad, words in [
            (ten, 'data has 10 classes'),
            (replace(data, train_x=data.train_x*255), 'outside [0, 1]'),
            (replace(data, train_x=data.train_x*float('nan')), 'outside [0, 1]'),
            (replace(data, train_x=data.train_x.reshape(-1, 28, 28)), '(800, 28, 28)'),
            (replace(data, train_y=data.train_y.flatten()), 'train_y has shape (800,)')]:
        with pytest.raises(ValueError, match=re.escape(words)): batch_by_batch(bad)
