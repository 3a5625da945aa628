"Three curves that are one: the widget's numbers against loops written by hand, its switches by mouse, keyboard, touch"
from itertools import combinations

import pytest
import torch

from fastsgd import widgets
from fastsgd.data import get_dls
from fastsgd.manual import batch_accuracy, mnist_loss
from fastsgd.parity import compare_tiers

NAMES = ['Gradients not zeroed', 'Loss summed', 'Loss halved', 'Bias not updated', 'Last batch dropped',
         'Labels broadcast']
TIERS = ['Tier 1, manual', 'Tier 2, modules', 'Tier 3, Learner']


@pytest.fixture(scope='module')
def widget(data): return widgets.three_curves(data)


@pytest.fixture(scope='module')
def tiers(data): return compare_tiers(data)


@pytest.fixture
def run(javascript): return lambda code: javascript('curves', f'() => {code}')


def by_hand(data, tiers, loss=mnist_loss, zero=True, bias=True, drop=False, column=True):
    "Accuracy after each epoch and weight difference after each batch, with a mistake, from tier 1's start"
    dls, right = get_dls(data), tiers.runs['manual'].params
    w, b = (p.clone().requires_grad_() for p in right[0].values())
    accuracy, diffs = [], [0.]
    for _ in range(5):
        for i, (xb, yb) in enumerate(dls.train):
            if not (drop and i == 12):
                loss(xb@w + b, yb if column else yb[:, 0]).backward()
                with torch.no_grad():
                    w -= w.grad
                    if bias: b -= b.grad
                if zero: w.grad, b.grad = None, None
            now = right[len(diffs)]
            diffs.append(max((w - now['weights']).abs().max().item(), (b - now['bias']).abs().max().item()))
        accuracy.append(batch_accuracy(data.valid_x@w + b, data.valid_y).item())
    return accuracy, diffs


def squeezed(preds, targets):
    s = preds.sigmoid()
    return torch.where(targets == 1, 1 - s, s).mean()


@pytest.fixture(scope='module')
def expected(data, tiers):
    "By name: accuracy after each epoch, difference after each step"
    mistakes = [dict(zero=False), dict(loss=lambda p, t: len(p)*mnist_loss(p, t)),
                dict(loss=lambda p, t: mnist_loss(p, t)/2), dict(bias=False),
                dict(drop=True), dict(loss=squeezed, column=False)]
    right = {n: (tiers.accuracy['manual'], [0.]*66) for n in TIERS}
    return right | {n: by_hand(data, tiers, **m) for n, m in zip(NAMES, mistakes)}


def rows(page):
    "What the table says: by run, accuracy and difference"
    cells = [row.locator('th, td').all_inner_texts() for row in page.widget.locator('tbody tr').all()]
    return {name.strip().lstrip('123456 '): (accuracy, diff) for name, accuracy, diff in cells}


def said(diff): return '0' if diff == 0 else pytest.approx(diff, rel=6e-3, abs=1e-7)  # three digits


def assert_reads(page, expected, names, step):
    "The table has these runs, and their numbers at a step"
    read = rows(page)
    assert list(read) == TIERS + [n for n in NAMES if n in names]
    for name, (accuracy, diff) in read.items():
        accuracies, diffs = expected[name]
        assert accuracy == (f'{accuracies[step//13 - 1]:.4f}' if step >= 13 else '–')
        assert (diff if diffs[step] == 0 else float(diff.replace('−', '-'))) == said(diffs[step])


def switch(page, name): return page.control(name, 'checkbox')


def test_python_records_what_the_loops_do(widget, expected, tiers):
    assert tiers.max_diff == {'modules': 0., 'learner': 0.}
    runs = widgets._same_start(None, 5, 1., 64, 42)
    first_apart = [next(i for i, d in enumerate(expected[n][1]) if d) for n in NAMES]
    assert widget.data['parts'] == first_apart == [2, 1, 1, 1, 13, 1]
    assert [len(run.params) for run in runs.values()] == [66]*10
    for slug, name in zip(widgets._shown_mistakes, NAMES):
        assert runs[slug].accuracy == pytest.approx(expected[name][0])
        diffs = [max((p - right[n]).abs().max().item() for n, p in now.items())
                 for right, now in zip(tiers.runs['manual'].params, runs[slug].params)]
        assert diffs == pytest.approx(expected[name][1], abs=1e-5)


def test_the_curves_begin_as_one(play, widget, expected):
    page = play(widget)
    assert_reads(page, expected, [], 65)
    assert page.said.inner_text() == ('The three tiers: after 5 epochs accuracy is 0.9650, 0.9650, 0.9650; '
                                      'the weights are the same after every step.')
    assert page.widget.locator('dl').count() == 0
    assert page.control('Accuracy after each epoch', 'img').get_attribute('aria-label').count('Tier') == 3


@pytest.mark.parametrize('way', ['mouse', 'keyboard', 'touch'])
def test_each_mistake_can_be_switched(play, widget, expected, way):
    page = play(widget, touch=way == 'touch')
    def press(name):
        box = switch(page, name)
        if way == 'keyboard':
            box.focus()
            page.keyboard.press('Space')
        else: box.tap() if way == 'touch' else box.click()
    for name in NAMES:
        press(name)
        assert_reads(page, expected, [name], 65)
        accuracies, diffs = expected[name]
        say = page.said.inner_text()
        assert say.startswith(f'{name}: after 5 epochs accuracy is {accuracies[-1]:.4f}, right is 0.9650; '
                              'the weights are up to ')
        assert float(say.split('up to ')[1].split()[0]) == said(diffs[-1])
        assert say.endswith(f'part at step {next(i for i, d in enumerate(diffs) if d)}.')
        assert page.widget.locator('dl').count() == 1
        press(name)
        assert_reads(page, expected, [], 65)
        assert page.said.inner_text().startswith('The three tiers')
        assert page.widget.locator('dl').count() == 0


def test_any_two_go_together(play, widget, expected):
    page = play(widget, motion='reduce')
    for a, b in combinations(NAMES, 2):
        switch(page, a).check()
        switch(page, b).check()
        assert_reads(page, expected, [a, b], 65)
        assert page.said.inner_text().startswith(b)
        switch(page, b).uncheck()
        assert page.said.inner_text().startswith(a)
        switch(page, a).uncheck()


def test_all_six_and_their_changes(play, widget, expected):
    page = play(widget)
    for name in reversed(NAMES): switch(page, name).check()
    assert_reads(page, expected, NAMES, 65)
    lines = [dl.inner_text().split('\n') for dl in page.widget.locator('dl').all()]
    assert lines[0] == ['right', 'p.grad.zero_()', 'wrong', 'left out']
    assert lines[3] == ['right', 'for p in params:', 'wrong', 'for p in params[:1]:']
    assert [line[3].split(')')[-2][-5:] for line in lines[1:3]] == ['.sum(', 'mean(']
    page.control('Reset').click()
    assert_reads(page, expected, [], 65)
    assert page.widget.locator(':checked').count() == 0


def test_scrubbing_by_keyboard(play, widget, expected):
    page = play(widget)
    for name in NAMES: switch(page, name).check()
    slider = page.control('After step', 'slider')
    slider.focus()
    page.keyboard.press('Home')
    assert_reads(page, expected, NAMES, 0)
    for step in 1, 2, 3:
        page.keyboard.press('ArrowRight')
        assert_reads(page, expected, NAMES, step)
    assert 'no accuracy before the end of epoch\u00a01' in page.widget.locator('thead').text_content()
    page.keyboard.press('End')
    page.keyboard.press('ArrowLeft')
    assert_reads(page, expected, NAMES, 64)
    assert page.widget.locator('caption').inner_text() == 'After step 64 of 65'
    assert 'accuracy after epoch\u00a04' in page.widget.locator('thead').text_content()
    for step in 12, 13:
        slider.fill(str(step))
        assert_reads(page, expected, NAMES, step)


@pytest.mark.parametrize('plot', [0, 1])
def test_scrubbing_on_the_plots(play, widget, expected, plot):
    page = play(widget)
    box = page.widget.locator('canvas').nth(plot).bounding_box()
    def x(step): return box['x'] + 40 + step/65*(box['width'] - 62)
    page.mouse.move(x(10), box['y'] + 100)
    assert 'step 65' in page.widget.locator('caption').inner_text()  # nothing is pressed yet
    page.mouse.down()
    assert 'step 10 ' in page.widget.locator('caption').inner_text()
    page.mouse.move(x(39), box['y'] + 150)
    page.mouse.up()
    page.mouse.move(x(50), box['y'] + 150)
    assert_reads(page, expected, [], 39)


def test_a_sweep_ends_at_the_end_and_can_be_held(play, widget):
    page = play(widget)
    slider = page.control('After step', 'slider')
    page.control('Run').click()
    page.control('Pause').click()
    held = int(slider.input_value())
    assert held < 65 and f'step {held} ' in page.widget.locator('caption').inner_text()
    slider.fill('60')
    page.control('Run').click()
    page.control('Run').wait_for(timeout=30_000)
    assert slider.input_value() == '65'


PAINTED = '''([plot, color, from = 0]) => {
    const section = document.querySelector('[data-widget]').shadowRoot.querySelector('section')
    const canvas = section.querySelectorAll('canvas')[plot]
    const wanted = getComputedStyle(section).getPropertyValue(color).match(/\\w\\w/g).map(h => parseInt(h, 16))
    const sheet = Object.assign(document.createElement('canvas'), {width: canvas.width, height: canvas.height})
    const copy = sheet.getContext('2d', {willReadFrequently: true})
    copy.drawImage(canvas, 0, 0)
    const pixels = copy.getImageData(0, 0, canvas.width, canvas.height).data
    const painted = i => pixels[i + 3] > 250 && wanted.every((w, c) => Math.abs(pixels[i + c] - w) < 3)
    let n = 0
    for (let i = 0; i < pixels.length; i += 4) n += i/4%canvas.width >= from*canvas.width && painted(i)
    return n
}'''


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_every_curve_is_seen_in_both_plots(play, widget, theme):
    page = play(widget, theme=theme, motion='reduce')
    def painted(color): return [page.evaluate(PAINTED, [plot, f'--{color}']) for plot in (0, 1)]
    assert all(n > 100 for tier in ('blue', 'amber', 'green') for n in painted(tier))
    for i, name in enumerate(NAMES, 1):
        before = painted(f'mistake{i}')
        switch(page, name).check()
        assert all(now > n + 50 for n, now in zip(before, painted(f'mistake{i}')))
    assert all(n > 20 for tier in ('blue', 'amber', 'green') for n in painted(tier))


def test_a_curve_is_drawn_to_its_end(play, widget):
    page = play(widget)
    switch(page, NAMES[0]).check()
    page.wait_for_function(f"() => ({PAINTED})([1, '--mistake1', 0.85]) > 20", timeout=30_000)


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_a_phone_shows_all_of_it(play, widget, theme):
    page = play(widget, size=(360, 740), theme=theme, touch=True)
    for name in NAMES: switch(page, name).tap()
    assert page.evaluate('document.documentElement.scrollWidth') <= 360
    wide = page.widget.locator('section').evaluate('''
        s => [...s.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > 360).length''')
    assert wide == 0
    assert page.widget.locator('section').evaluate('s => s.classList.contains("dark")') == (theme == 'dark')
    shown = [page.widget.locator('canvas').nth(i).bounding_box() for i in (0, 1)]
    assert shown[0]['y'] + shown[0]['height'] <= shown[1]['y'] and shown[0]['width'] > 280


def test_without_scripts_there_is_the_picture(play, widget):
    page = play(widget, scripts=False)
    image = page.locator('[data-widget] img')
    assert image.is_visible() and image.evaluate('i => i.naturalWidth') > 500
    assert 'Labels broadcast 0.5050' in image.get_attribute('alt')


def test_a_mistake_takes_the_steps_of_tier_1_until_it_is_made(play, data):
    "Also at a rate that is no power of two, where another way to write a step would round otherwise"
    widget = widgets.three_curves(data, lr=.1)
    assert widget.data['parts'] == [2, 1, 1, 1, 13, 1]
    page = play(widget)
    switch(page, 'Last batch dropped').check()
    page.control('After step', 'slider').fill('12')
    assert rows(page)['Last batch dropped'][1] == '0'


def test_one_epoch_of_one_batch(play, small):
    "With a single step nothing was there to be zeroed, and without the last batch there is no step at all"
    widget = widgets.three_curves(small, epochs=1, bs=200)
    page = play(widget)
    switch(page, 'Gradients not zeroed').check()
    assert page.said.inner_text().endswith('the weights are the right ones.')
    assert 'after 1 epoch accuracy' in page.said.inner_text()
    switch(page, 'Last batch dropped').check()
    assert page.said.inner_text().endswith('They part at step 1.')


def test_wrong_input_is_named(ten):
    with pytest.raises(ValueError, match='10 classes'): widgets.three_curves(ten)
    for wrong in (dict(epochs=0), dict(bs=0), dict(lr=0.), dict(lr=float('nan')), dict(lr=float('inf'))):
        with pytest.raises(ValueError): widgets.three_curves(**wrong)


def test_it_is_quiet_and_small(capfd, data):
    html = widgets.three_curves(data)._repr_html_()
    assert capfd.readouterr() == ('', '') and len(html) < 80_000


def test_the_scale_has_a_place_for_0(run):
    scale = run('''(s => ({...s, places: [0, 0.05, 7].map(s.place), names: s.ticks.map(s.name)}))(
        logScale([0, 0.05, 7]))''')
    assert scale['range'] == pytest.approx([-3.12, 1]) and scale['names'] == ['0', '10', '1', '0.1', '0.01']
    assert scale['places'] == pytest.approx([-3, -1.30103, 0.845098])
    assert run('(s => s.ticks.map(s.name))(logScale([0, 2e-9, 50]))') == ['0', '100', '0.1', '1e-4', '1e-7']
    assert run('logScale([0, 0]).ticks') == [-1, 1, 0]


def test_labels_keep_apart(run):
    assert run('spread([10, 100, 11, 9], 12, 0, 200)') == [12, 100, 24, 0]
    assert run('spread([199, 200], 12, 0, 200)') == [188, 200]
