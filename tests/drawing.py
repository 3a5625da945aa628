"Hands for the sheet to draw on, which the widget and the served page have in common: a mouse, fingers, and an eye"
import base64
import io

import numpy as np
from PIL import Image


def sheet(page): return page.locator('.sheet canvas')


def runs(x):
    "The bright pixels of a digit, in every second row, since the pen is two rows wide: (row, first, last)"
    for row, pixels in [*enumerate(x.reshape(28, 28) > .5)][::2]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], pixels, [0]])))
        yield from ((row, first, last - 1) for first, last in edges.reshape(-1, 2))


def strokes(x):
    "To and fro along the rows, as lists of (column, row); the pen is lifted where the next row begins elsewhere"
    done = []
    for row, *ends in runs(x):
        for stroke in done:
            column, last = stroke[-1]
            near = min(ends, key=lambda end: abs(end - column))
            if row == last + 2 and abs(near - column) <= 2:
                stroke += [(near, row), (sum(ends) - near, row)]
                break
        else: done.append([(ends[0], row), (ends[1], row)])
    return done


def drag(page, *places, steps=1):
    "Draw with the mouse from place to place, in the sheet's own 280 by 280 pixels"
    box = sheet(page).bounding_box()
    scale = box['width']/280
    for i, (x, y) in enumerate(places):
        page.mouse.move(box['x'] + x*scale, box['y'] + y*scale, steps=steps if i else 1)
        if not i: page.mouse.down()
    page.mouse.up()


def draw(page, x):
    "Draw a digit with the mouse on an empty sheet"
    page.get_by_role('button', name='Clear').click()
    for stroke in strokes(x): drag(page, *((10*column + 5, 10*row + 5) for column, row in stroke))


def fingers(page):
    "`send(kind, *points)`: fingers touch the sheet, move or go; points in shares of its width, one for each finger"
    touch, box = page.context.new_cdp_session(page), sheet(page).bounding_box()
    def send(kind, *points):
        at = [dict(x=box['x'] + x*box['width'], y=box['y'] + y*box['height'], id=i) for i, (x, y) in enumerate(points)]
        touch.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=at))
    return send


def drawing(page):
    "The sheet as an image"
    text = sheet(page).evaluate('canvas => canvas.toDataURL().split(",")[1]')
    return Image.open(io.BytesIO(base64.b64decode(text)))


def ink(page):
    "How dark the pixels of the sheet are, in [0, 1], (280, 280)"
    return 1 - np.asarray(drawing(page).convert('L'))/255
