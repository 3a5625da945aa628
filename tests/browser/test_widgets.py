"The widgets: their arithmetic against PyTorch, how they stand in a page, and descent on its surface, in Chromium"
import re
from functools import partial
from html import escape
from itertools import cycle, islice

import pytest
import torch
from tabs import violations

from fastsgd import manual, widgets
from fastsgd.descent import gradient_descent, mse, quadratic


@pytest.fixture(scope='module')
def surface(): return widgets.descent_surface()


def off_by(theirs, ours): return (torch.tensor(theirs, dtype=torch.float64) - ours).abs().max().item()


# Arithmetic: the same numbers as PyTorch's, in float64

def test_the_linear_model_trains_like_tier_1(javascript, small):
    data, steps = small, 200
    x, y = data.train_x.double(), data.train_y.double()
    batches = [(x[i:i + 10], y[i:i + 10]) for i in range(0, len(x), 10)]
    torch.manual_seed(0)
    params = [manual.init_params(size).detach().double().requires_grad_() for size in ((x.shape[1], 1), 1)]
    theirs = javascript('sgd', '''({weights, bias, batches, steps, lr}) => {
        let params = {weights, bias}
        return Array.from({length: steps}, (_, i) => {
            const [xb, yb] = batches[i%batches.length], preds = linear1(xb, params), loss = mnistLoss(preds, yb)
            params = step(params, calcGrad(xb, yb, preds), lr)
            return [loss, ...params.weights, params.bias]
        })
    }''', weights=params[0].flatten().tolist(), bias=params[1].item(), steps=steps, lr=1.,
        batches=[[xb.tolist(), yb.flatten().tolist()] for xb, yb in batches])
    ours = []
    for xb, yb in islice(cycle(batches), steps):
        model = partial(manual.linear1, weights=params[0], bias=params[1])
        loss = manual.mnist_loss(model(xb), yb).detach()
        manual.train_epoch(model, 1., params, [(xb, yb)])
        ours.append(torch.cat([loss[None], *(p.detach().flatten() for p in params)]))
    assert (ours[0] - ours[-1]).abs().max() > 0.1, 'nothing was learned'
    assert len(theirs) == steps
    difference = off_by(theirs, torch.stack(ours))
    print(f'largest difference over {steps} steps: {difference:.1e}')
    assert difference <= 1e-9


@pytest.mark.parametrize('bs', [20, 5, 1])
def test_the_parabola_is_fitted_like_gradient_descent_does(javascript, bs):
    torch.manual_seed(bs)
    t, (a, b, c) = torch.linspace(-1, 1, 20).double(), (2., 1.5, 0.)
    y = quadratic(t, (-4.9, b, 6.)) + 0.3*torch.randn(20, dtype=torch.float64)
    rows = [torch.randperm(20)[:bs] for _ in range(200)]
    theirs = javascript('descent', '''({t, y, start, rows}) => {
        const run = descent(t, y, start, n => rows[n])
        for (const _ of rows) { run.predict(); run.gradients(); run.step(0.1) }
        return run.path
    }''', t=t.tolist(), y=y.tolist(), start=[a, b, c], rows=[r.tolist() for r in rows])
    params = [torch.tensor(p).double().requires_grad_() for p in (a, c)]
    ours = [[a, b, c]]
    for r in rows:
        gradient_descent(lambda t: quadratic(t, (params[0], b, params[1])), 0.1, params, t[r], y[r], 1, mse)
        ours.append([params[0].item(), b, params[1].item()])
    assert off_by(theirs, torch.tensor(ours, dtype=torch.float64)) <= 1e-9


def test_all_three_slopes_of_the_parabola_are_autograd_s(javascript):
    torch.manual_seed(0)
    t, y, params = torch.randn(7).double(), torch.randn(7).double(), torch.randn(3).double().requires_grad_()
    loss = mse(quadratic(t, params), y)
    loss.backward()
    theirs = javascript('sgd', '''({t, y, params}) => {
        const preds = quadratic(t, params)
        return [mse(preds, y), ...quadraticGrad(t, y, preds)]
    }''', t=t.tolist(), y=y.tolist(), params=params.tolist())
    assert off_by(theirs, torch.cat([loss.detach()[None], params.grad])) <= 1e-12


@pytest.mark.parametrize('ends, n, marks', [
    ((0, 1), 4, [0, 0.5, 1]), ((-15, 5), 4, [-15, -10, -5, 0, 5]),
    ((0.93, 0.97), 4, [0.93, 0.94, 0.95, 0.96, 0.97]),
    ((0, 3), 3, [0, 1, 2, 3]), ((0, 10), 5, [0, 2, 4, 6, 8, 10])])
def test_marks_on_axes_are_round(javascript, ends, n, marks):
    assert javascript('plot', '({ends, n}) => ticks(...ends, n)', ends=ends, n=n) == marks


@pytest.mark.parametrize('dtype', [torch.float64, torch.float32, torch.uint8, torch.int32])
def test_arrays_arrive_as_they_were_sent(javascript, dtype):
    flat, rows = torch.arange(6).to(dtype)*7, torch.arange(6).to(dtype).view(3, 2)
    got = javascript('page', '''async data => {
        const {flat, rows, word} = await unpack(data)
        return [[...flat], rows.map(r => [...r]), word]
    }''', flat=widgets._packed(flat), rows=widgets._packed(rows), word='zip')
    assert got == [flat.tolist(), rows.tolist(), 'zip']


# A widget in a page

def test_where_scripts_are_off_there_is_a_picture(play, surface):
    page = play(surface, scripts=False)
    picture = page.get_by_role('img', name='Left, rings of equal loss')
    assert picture.is_visible() and picture.evaluate('i => i.naturalWidth') == 980


def test_the_picture_gives_way_to_the_widget(play, surface):
    page = play(surface)
    assert not page.locator('img').is_visible() and page.control('Step').is_visible()


def test_it_leaves_nothing_behind_in_the_page(play, surface):
    page = play(surface)
    added = page.evaluate('''() => { const frame = document.createElement('iframe'); document.body.append(frame)
        const usual = new Set(Object.getOwnPropertyNames(frame.contentWindow)); frame.remove()
        const known = n => usual.has(n) || /^\\d+$|playwright|^on|webkit/i.test(n)
        return Object.getOwnPropertyNames(window).filter(n => !known(n)) }''')
    assert added == []


def test_several_stand_in_one_page(play, surface, tmp_path):
    class Two(widgets.Widget):
        def _repr_html_(self):
            itself, other = super()._repr_html_(), widgets.descent_surface(lr=1.)._repr_html_()
            return itself + other + itself
    page = play(Two(**vars(surface)))
    sections = page.widget.locator('section')
    assert sections.count() == 3
    sections.nth(1).get_by_role('button', name='Run').click()
    sections.nth(1).get_by_text('Each step is too long').wait_for()
    assert 'After 0 steps' in sections.nth(0).locator('.say').inner_text()


def test_it_works_in_a_frame_that_may_do_nothing_but_run_scripts(play, surface):
    "As Colab shows each output"
    class Framed(widgets.Widget):
        def _repr_html_(self):
            inner = escape(super()._repr_html_())
            return ('<iframe sandbox="allow-scripts" title="output" width="800" height="800" '
                    f'srcdoc="{inner}"></iframe><div data-widget><section>.</section></div>')
    frame = play(Framed(**vars(surface))).frame_locator('iframe')
    frame.get_by_role('button', name='Step').click()
    frame.get_by_role('status').filter(has_text='After 1 step').wait_for()


def test_it_follows_the_theme_of_the_page(play, surface):
    page = play(surface)
    dark = lambda: page.widget.locator('section.dark').count() == 1
    assert not dark()
    page.evaluate("document.body.style.color = '#eee'; document.body.classList.add('night')")
    page.widget.locator('section.dark').wait_for()
    page.evaluate("document.body.style.color = 'color(display-p3 0.1 0.1 0.1)'")
    page.wait_for_function("!document.querySelector('[data-widget]').shadowRoot.querySelector('.dark')")


@pytest.mark.parametrize('theme', ['light', 'dark'])
@pytest.mark.parametrize('width', [900, 360])
def test_anybody_can_use_it(play, surface, theme, width):
    page = play(surface, (width, 800), theme)
    assert page.evaluate('document.documentElement.scrollWidth') <= width
    found = violations(page)
    assert not [(v['id'], v['help'], [n['html'][:150] for n in v['nodes'][:3]]) for v in found]


def test_keys_pressed_in_it_are_its_own(play, surface):
    page = play(surface)
    page.evaluate("window.heard = []; document.body.addEventListener('keydown', e => heard.push(e.key))")
    page.control('Learning rate', 'slider').press('ArrowRight')
    assert page.evaluate('heard') == [] and page.control('Learning rate', 'slider').input_value() == '0.52'
    assert page.widget.get_attribute('data-lm-suppress-shortcuts') == '', 'JupyterLab would move to another cell'


def test_words_cannot_end_the_script(play, surface):
    name = 'An "end": </script><script>throw 1</script>'
    page = play(widgets.Widget('descent', name, surface.data, surface.still, surface.alt))
    assert page.widget.locator('section').get_attribute('aria-label') == name


def test_a_page_of_its_own_is_written_whole(surface, tmp_path):
    file = surface.save(tmp_path/'w.html')
    assert file.read_text(encoding='utf-8').endswith('</html>')
    with pytest.raises(FileNotFoundError): surface.save(tmp_path/'no'/'w.html')


def test_in_words_it_says_what_it_needs(surface):
    assert repr(surface) == 'Gradient descent on its loss surface: needs a page that runs scripts'


# Descent

def use(page, name, how):
    "Press a button with the mouse, the keyboard or a finger"
    control = page.control(name)
    if how == 'keyboard': control.press('Enter')
    else: control.click() if how == 'mouse' else control.tap()


@pytest.mark.parametrize('how', ['mouse', 'keyboard', 'touch'])
def test_a_step_lights_up_the_seven(play, surface, how):
    page = play(surface, touch=how == 'touch')
    lit = page.widget.locator('li[aria-current]')
    assert lit.inner_text() == 'initialize'
    page.evaluate('''() => { window.seen = ['initialize']
        const list = document.querySelector('[data-widget]').shadowRoot.querySelector('ol')
        new MutationObserver(() => {
            const now = list.querySelector('[aria-current]')?.textContent
            if (now && now != seen.at(-1)) seen.push(now)
        }).observe(list, {attributes: true, subtree: true}) }''')
    use(page, 'Step', how)
    page.wait_for_function("seen.at(-1) == 'repeat'")
    assert 'After 1 step the' in page.said.inner_text()
    assert page.evaluate('seen') == ['initialize', 'predict', 'loss', 'gradients', 'step', 'repeat']


def losses(page): return [float(n) for n in re.findall(r'\d+\.\d+', page.said.inner_text())]


def test_what_it_says_is_what_pytorch_says(play, surface):
    page = play(surface, motion='reduce')
    page.control('Step').click()
    t, truth = torch.linspace(-1, 1, 20).double(), (-4.9, 1.5, 6.)
    generator = torch.Generator().manual_seed(42)
    y = quadratic(t, truth) + 0.3*torch.randn(20, generator=generator, dtype=torch.float64)
    params = [torch.tensor(p).double().requires_grad_() for p in (2., 0.)]
    gradient_descent(lambda t: quadratic(t, (params[0], 1.5, params[1])), 0.5, params, t, y, 1, mse)
    loss = mse(quadratic(t, (params[0], 1.5, params[1])), y).item()
    assert losses(page)[0] == pytest.approx(loss, abs=5e-4)
    for _ in range(7): page.control('Step').click()
    assert losses(page)[0] < loss and 'After 8 steps' in page.said.inner_text()


def comes_to(page, steps):
    page.wait_for_function('''n => {
        const say = document.querySelector('[data-widget]').shadowRoot.querySelector('.say')
        return say.textContent.match(/\\d+/)[0] >= n }''', arg=steps)


def test_it_runs_pauses_and_starts_again(play, surface):
    page = play(surface)
    page.control('Run').click()
    comes_to(page, 3)
    page.control('Pause').click()
    said = page.said.inner_text()
    page.wait_for_timeout(300)
    assert page.said.inner_text() == said and page.control('Run').is_visible()
    page.control('Run').click()
    comes_to(page, 9)
    page.control('Reset').click()
    assert 'After 0 steps' in page.said.inner_text() and page.control('Run').is_visible()
    page.wait_for_timeout(200)
    assert 'After 0 steps' in page.said.inner_text()


@pytest.mark.parametrize('lr, words', [(0.86, 'At the lowest point'), (0.88, 'Each step is too long')])
def test_beyond_a_certain_rate_it_diverges(play, lr, words):
    "2 over the largest curvature of the surface"
    t = torch.linspace(-1, 1, 20).double()
    columns = torch.stack([t**2, torch.ones(20)], 1)
    bound = 2/torch.linalg.eigvalsh(2*columns.T @ columns/20)[-1].item()
    assert (lr < bound) == ('lowest' in words)
    page = play(widgets.descent_surface(start=(-4.9, 8.), lr=lr, noise=0., bs=20), motion='reduce')
    page.control('Run').click()
    assert words in page.said.inner_text()


def test_without_motion_the_end_comes_at_once(play, surface):
    page = play(surface, motion='reduce')
    page.control('Run').click()
    assert 'At the lowest point' in page.said.inner_text()
    assert page.widget.locator('li[aria-current]').inner_text() == 'stop'
    said = page.said.inner_text()
    page.control('Step').click()
    assert page.said.inner_text() == said


def test_sliders_are_moved_by_keyboard_and_start_again(play, surface):
    page = play(surface, motion='reduce')
    page.control('Step').click()
    noise = page.control('Noise', 'slider')
    before = losses(page)
    noise.press('End')
    assert noise.get_attribute('aria-valuetext') == '2.0 m' and 'After 0 steps' in page.said.inner_text()
    assert losses(page) != before
    rate = page.control('Learning rate', 'slider')
    page.control('Step').click()
    rate.press('ArrowRight')
    assert rate.get_attribute('aria-valuetext') == '0.52'
    assert 'After 1 step' in page.said.inner_text(), 'another rate goes on from here'
    start = page.control('Start, a', 'slider')
    start.press('Home')
    assert 'a −13.90' in page.widget.get_by_role('img').first.get_attribute('aria-label').replace('a -', 'a −')


@pytest.mark.parametrize('wrong, words', [
    (dict(lr=2.), 'slider goes'), (dict(lr=float('nan')), 'slider goes'), (dict(noise=-1), 'slider goes'),
    (dict(bs=3), 'whole batches'), (dict(bs=0), 'whole batches'),
    (dict(start=(5., 0.)), 'choose a from'), (dict(start=(0., float('nan'))), 'choose c from')])
def test_what_the_sliders_cannot_show_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words): widgets.descent_surface(**wrong)
