// A sheet to draw on, for the widget and for the page that fastsgd.serve gives
import {el} from './page.js'
import {disc, grey, line, pixels} from './plot.js'

const side = 280, cell = side/28, penRadius = 10
const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}

// Paper for mouse, touch, pen and keys. onchange() is called when there is new ink, or none any more.
export function paper(label, onchange) {
  const canvas = el('canvas', {width: side, height: side, tabIndex: 0, role: 'application', 'aria-label': `${label} Arrow keys move the pen, Space puts it down and lifts it.`})
  const pen = canvas.getContext('2d', {willReadFrequently: true})
  const nib = el('div', {className: 'nib', hidden: true})
  const says = el('p', {className: 'pen quiet', 'aria-live': 'polite'})
  let place, finger  // where a stroke has come to, and which pointer draws it

  function stroke(to) {
    if (place) line(pen, [place, to], 'black', 2*penRadius)
    disc(pen, ...to, penRadius, 'black')  // a round end; and a dot where the pen goes down, since no browser need draw a line of no length
    place = to
    onchange()
  }

  function wipe() {
    lift()
    pen.fillStyle = 'white'
    pen.fillRect(0, 0, side, side)
    onchange()
  }

  const at = event => {
    const box = canvas.getBoundingClientRect()
    return [(event.clientX - box.left)*side/box.width, (event.clientY - box.top)*side/box.height]
  }
  canvas.onpointerdown = event => {
    if (event.button || !event.isPrimary) return
    finger = event.pointerId
    canvas.setPointerCapture(finger)
    lift()
    stroke(at(event))
  }
  canvas.onpointermove = event => {
    if (event.pointerId != finger) return
    const passed = event.getCoalescedEvents?.() ?? []  // where it was since the last frame
    for (const e of passed.length ? passed : [event]) stroke(at(e))
  }
  canvas.ontouchstart = event => event.preventDefault()  // else a stroke counts as a swipe, and the browser ignores a tap right after it
  canvas.onpointerup = canvas.onpointercancel = event => { if (event.pointerId == finger) place = finger = undefined }

  // The pen that keys move: over which of 28 by 28 cells it is, and whether it is down
  let over = [13, 13], down = false
  const middle = () => over.map(n => (n + 0.5)*cell)
  function lift() {
    place = undefined
    down = false
    nib.hidden = true
    says.textContent = ''
  }
  function tell() {
    Object.assign(nib.style, {left: `${100*middle()[0]/side}%`, top: `${100*middle()[1]/side}%`})
    nib.hidden = false
    nib.classList.toggle('down', down)
    says.textContent = `Pen ${down ? 'down' : 'up'}, column ${over[0] + 1}, row ${over[1] + 1} of 28.`
  }
  canvas.onkeydown = event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const move = arrows[event.key], press = event.key == ' ' || event.key == 'Enter'
    if (!move && !press) return
    event.preventDefault()  // the page must not scroll
    if (move) over = over.map((n, i) => Math.min(Math.max(n + move[i], 0), 27))
    else if (!event.repeat) down = !down
    place = down ? place : undefined
    if (down) stroke(middle())
    tell()
  }
  canvas.onfocus = () => { if (canvas.matches(':focus-visible')) tell() }  // who came by mouse needs no second pen
  canvas.onblur = lift

  wipe()
  return {
    box: el('div', {className: 'sheet'}, canvas, nib),
    help: el('div', {}, el('p', {className: 'quiet'}, 'Draw with mouse, finger or pen; or with the arrow keys, and Space to put the pen down and to lift it.'), says),
    canvas, wipe,
    put(numbers) { pixels(pen, numbers, v => grey(1 - v/255), 0, 0, side); onchange() },
    get image() { return pen.getImageData(0, 0, side, side) },
  }
}
