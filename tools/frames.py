"Print how many frames a second the widgets draw in Chromium while they are busy, and how long one frame takes to draw"
import argparse, os, shutil, tempfile
from pathlib import Path

from fastsgd import widgets
from fastsgd.model import train_digits
from playwright.sync_api import sync_playwright

def press(name): return lambda page: page.get_by_role('button', name=name).click()


def draw(page):
    "Lines across the sheet, until the page goes"
    page.evaluate('''() => {
        const sheet = document.querySelector('[data-widget]').shadowRoot.querySelector('.sheet canvas')
        const box = sheet.getBoundingClientRect(), finger = {pointerId: 1, isPrimary: true, buttons: 1}
        sheet.setPointerCapture = () => {}
        const send = (kind, x, y) => sheet.dispatchEvent(
            new PointerEvent(kind, {...finger, clientX: box.left + x, clientY: box.top + y}))
        let i = 0
        const next = () => {
            send('pointermove', 140 + 100*Math.cos(i/7), 140 + 100*Math.sin(i++/5))
            requestAnimationFrame(next)
        }
        send('pointerdown', 240, 140)
        next()
    }''')


def switch_on(page):
    for box in page.get_by_role('checkbox').all(): box.check()
    page.get_by_role('button', name='Run').click()


BUSY = dict(  # the widget, and what keeps it busy
    descent=(widgets.descent_surface, press('Run')), batches=(widgets.batch_by_batch, press('Run')),
    draw=(lambda: widgets.draw_digit(train_digits(epochs=1)[0]), draw), curves=(widgets.three_curves, switch_on))

COUNT = '''seconds => new Promise(done => {
    const times = []
    const next = now => { times.push(now); now - times[0] < 1000*seconds ? requestAnimationFrame(next) : done(times) }
    requestAnimationFrame(next)
})'''


def frames(browser, widget, busy, width, seconds):
    "The times of all frames within some seconds, in milliseconds"
    page = browser.new_page(viewport=dict(width=width, height=900))
    with tempfile.TemporaryDirectory() as tmp:
        page.goto(widget.save(Path(tmp)/'widget.html').as_uri())
        page.locator('[data-widget] section').wait_for()
        busy(page)
        times = page.evaluate(COUNT, seconds)
    page.close()
    return times


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument('--seconds', type=float, default=2., help='how long to watch each widget (default: 2)')
    args = p.parse_args()
    with sync_playwright() as playwright:
        chromium = os.getenv('CHROMIUM') or shutil.which('chromium')
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        for kind, (make, busy) in BUSY.items():
            for width in 900, 390:
                times = frames(browser, make(), busy, width, args.seconds)
                gaps = sorted(b - a for a, b in zip(times, times[1:]))
                rate, slow = 1000*len(gaps)/(times[-1] - times[0]), gaps[int(0.95*len(gaps))]
                print(f'{kind:10} {width:4} pixels wide: {rate:5.1f} frames a second, 95 of 100 within {slow:.1f} ms')


if __name__ == '__main__': main()
