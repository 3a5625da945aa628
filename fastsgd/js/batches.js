// One batch after another through the linear model: predictions, loss, gradient, new weights.
import {calcGrad, linear1, mnistLoss, sigmoid, step} from './sgd.js'
import {button, clock, el, picture, slider} from './page.js'
import {axes, bluesAndOranges, disc, grey, inside, line, pixels} from './plot.js'

// A whole run, one entry for each step. orders: the rows of each batch.
export function training(x, y, orders, lr) {
  let params = {weights: new Float64Array(x[0].length), bias: 0}
  return orders.map(rows => {
    const xb = Array.from(rows, i => x[i]), yb = Array.from(rows, i => y[i])
    const before = params, preds = linear1(xb, before), grad = calcGrad(xb, yb, preds)
    params = step(before, grad, lr)
    return {rows, xb, yb, before, preds, loss: mnistLoss(preds, yb), grad, after: params}
  })
}

// The same numbers as in Python, which also divides whole numbers by 255 in float64
export const unitPixels = rows => rows.map(row => Float64Array.from(row, v => v/255))

// The largest absolute difference between two sets of parameters
export function furthest(a, b) {
  return Math.max(Math.abs(a.bias - b.bias), ...a.weights.map((w, j) => Math.abs(w - b.weights[j])))
}

const largest = numbers => numbers.reduce((most, v) => Math.max(most, Math.abs(v)), 0)
const number = (v, digits = 3) => v.toFixed(digits).replace('-', '−')
const brief = v => v && Math.abs(v) < 0.001 ? v.toExponential(0) : `${+v.toPrecision(2)}`  // 0.43, 6e-17
const white = '#ffffff', black = '#000000', warm = '#ffa866'  // on tiles, which are black in every theme

export function build(data) {
  const {classes, lr, perEpoch} = data, x = unitPixels(data.x)
  const run = training(x, data.y, data.orders, lr), n = run.length, bs = run[0].xb.length
  const difference = furthest(run[n - 1].after, {weights: data.weights, bias: data.bias})
  const most = Math.max(...run.map(s => largest(s.after.weights))) || 1
  let at = 0, chosen = 0  // the step, and the digit of its batch, both from 0

  const now = () => run[at]
  const a = target => classes[target ? 0 : 1] == 8 ? 'an 8' : `a ${classes[target ? 0 : 1]}`
  const taken = i => sigmoid(now().preds[i]) > 0.5  // for the first class
  const right = i => taken(i) == Boolean(now().yb[i])
  const distance = i => Math.abs(sigmoid(now().preds[i]) - now().yb[i])
  const all = [...Array(bs).keys()]

  // ---- 1 Batch

  let place  // where digit i stands among the tiles: [x, y, side]
  function drawTiles(pen, width, height, color) {
    const columns = Math.min(+color('columns'), bs), side = Math.min(width/columns, height/Math.ceil(bs/columns))
    place = i => [i%columns*side, Math.floor(i/columns)*side, side]
    for (const i of all) {
      const [left, top] = place(i)
      pixels(pen, now().xb[i], grey, left + 2, top + 2, side - 4)
      if (!right(i)) cross(pen, left + 2, top + 2, side - 4)
    }
    const [left, top] = place(chosen)
    Object.assign(pen, {strokeStyle: color('mark'), lineWidth: 4})
    pen.strokeRect(left + 2, top + 2, side - 4, side - 4)
  }

  function cross(pen, left, top, side) {
    Object.assign(pen, {strokeStyle: warm, lineWidth: 2, fillStyle: black})
    pen.strokeRect(left + 1, top + 1, side - 2, side - 2)
    const size = Math.max(side/4, 8), x = left + side - size - 3, y = top + 3
    pen.fillRect(x - 1, y - 1, size + 2, size + 2)
    line(pen, [[x, y], [x + size, y + size]], white)
    line(pen, [[x, y + size], [x + size, y]], white)
  }

  const tiles = picture('', 'auto', drawTiles)
  tiles.canvas.className = 'tiles'
  tiles.canvas.style.setProperty('--rows-wide', Math.ceil(bs/16))
  tiles.canvas.style.setProperty('--rows-narrow', Math.ceil(bs/8))
  tiles.canvas.onclick = e => {
    const {left, top} = tiles.canvas.getBoundingClientRect()
    const hit = all.find(i => {
      const [x, y, side] = place(i)
      return e.clientX - left >= x && e.clientX - left < x + side && e.clientY - top >= y && e.clientY - top < y + side
    })
    if (hit !== undefined) choose(hit)
  }

  // ---- The pictures: 28 by 28 numbers each

  const images = []
  function image(caption, alt, numbers, rgb) {
    const {canvas, redraw} = picture(alt, 'auto', (pen, width) => pixels(pen, numbers(), rgb(), 0, 0, width))
    images.push(redraw)
    return el('figure', {}, canvas, el('figcaption', {}, caption))
  }
  const signed = (caption, alt, numbers, scale = () => most) => image(caption, alt, numbers, () => bluesAndOranges(scale()))
  const sign = text => el('span', {className: 'sign'}, text)
  const product = () => now().xb[chosen].map((v, j) => v*now().before.weights[j])
  const move = () => now().grad.weights.map(g => lr*g)

  // ---- 3 Loss

  let curve
  function drawLoss(pen, width, height, color) {
    const box = {left: 38, top: 24, right: width - 8, bottom: height - 36}
    const top = Math.max(...run.map(s => s.loss))
    curve = axes(pen, box, {x: [1, Math.max(n, 2)], y: [0, top*1.05], xlabel: 'step', ylabel: 'loss of its batch', color})
    const points = run.map((s, k) => [curve.X(k + 1), curve.Y(s.loss)]), [x, y] = points[at]
    line(pen, [[x, box.top], [x, box.bottom]], color('quiet'), 1, [3, 3])
    inside(pen, {...box, right: width}, () => line(pen, points, color('blue'), 1.5))
    disc(pen, x, y, 5, color('blue'))
  }
  const loss = picture('', 190, drawLoss)
  loss.canvas.className = 'track'
  const jump = e => goTo(Math.round(curve.x(e.clientX - loss.canvas.getBoundingClientRect().left)) - 1)
  loss.canvas.onclick = jump
  loss.canvas.onpointermove = e => { if (e.buttons) jump(e) }

  // ---- In words

  const say = el('p', {className: 'say', role: 'status'}), about = el('p', {role: 'status', className: 'about'})
  const share = el('p'), slope = el('p'), bias = el('p')

  function tell() {
    const {yb, before, preds, grad, after} = now(), p = preds[chosen], correct = all.filter(right).length
    say.textContent = `Step ${at + 1} of ${n}, epoch ${Math.floor(at/perEpoch) + 1}. The model is right on ${correct} of ${bs}; the loss is ${number(now().loss)}.`
    about.textContent = `Sum of all products ${number(p - before.bias)}, plus bias ${number(before.bias)}: prediction ${number(p)}. Its sigmoid is ${number(sigmoid(p))}, and more than 0.5 means ${a(1)}. `
      + `Taken for ${a(taken(chosen))}, and it is ${a(yb[chosen])}: ${right(chosen) ? 'right' : 'wrong'}.`
    share.textContent = `The sigmoid of digit ${chosen + 1} is ${number(distance(chosen))} from its target ${yb[chosen]}. Divided by ${bs}, that is its share in the loss: ${number(distance(chosen)/bs, 4)}. All ${bs} shares together make ${number(now().loss)}.`
    slope.textContent = `How the loss changes with each weight. A weight that is orange here should grow, a blue one should shrink. Full colour is ${brief(largest(grad.weights))}.`
    bias.textContent = `The learning rate lr is ${lr}. The bias goes the same way: ${number(before.bias, 4)} − ${lr} × ${number(grad.bias, 4)} = ${number(after.bias, 4)}.`
    const wrong = all.filter(i => !right(i)).map(i => i + 1)
    tiles.describe(`The ${bs} digits of the batch. ${wrong.length ? `Wrong: ${wrong.join(', ')}` : 'None is wrong'}. Chosen: digit ${chosen + 1}.`)
    loss.describe(`The loss of each batch, from ${number(run[0].loss)} in step 1 to ${number(run[n - 1].loss)} in step ${n}; now step ${at + 1}, ${number(now().loss)}.`)
    position.value = at + 1
    digit.value = chosen + 1
    previous.setAttribute('aria-disabled', at == 0)  // `disabled` would take the focus from who presses it
    next.setAttribute('aria-disabled', at == n - 1)
  }

  let drawn
  function show() {
    drawn = at
    for (const redraw of [tiles.redraw, loss.redraw, ...images]) redraw()
    tell()
  }

  function choose(i) { chosen = i; show() }

  function goTo(k) {
    playing.stop()
    at = Math.min(Math.max(k, 0), n - 1)
    show()
  }

  // While it runs, a screen reader is not told of each step, only of the last one
  const live = on => { for (const p of [say, about]) p.setAttribute('aria-live', on ? 'polite' : 'off') }
  const rest = () => {
    live(true)
    toggle.textContent = 'Run'
    show()
  }
  const playing = clock(() => at < n - 1 && ++at < n - 1, () => { if (drawn != at) show() }, 5, rest)
  const play = () => {
    if (playing.running) return playing.stop()
    if (at == n - 1) at = 0
    live(false)
    toggle.textContent = 'Pause'
    playing.start()
  }
  const toggle = button('Run', play), previous = button('Previous', () => goTo(at - 1)), next = button('Next', () => goTo(at + 1))
  const position = slider('Step', {min: 1, max: n, step: 1, value: 1, show: v => `${v} of ${n}`, oninput: v => goTo(v - 1)})
  const digit = slider('Digit', {min: 1, max: bs, step: 1, value: 1, show: v => `${v} of ${bs}, ${a(now().yb[v - 1])}`, oninput: v => choose(v - 1)})

  const part = (name, ...children) => el('li', {}, el('strong', {}, name), ...children)
  const half = item => { item.className = 'half'; return item }
  const same = difference < 1e-9 ? 'end with the same weights' : 'end with other weights'
  show()
  return [
    el('div', {className: 'scrub'}, el('div', {className: 'row'}, previous, next, toggle), position.box),
    say,
    el('ol', {className: 'flow'},
      part('Batch', el('p', {className: 'quiet'}, `${bs} of ${x.length} digits. A frame and a cross: the model is wrong.`), tiles.canvas, digit.box),
      part('Predictions', el('div', {className: 'beside'},
        el('div', {className: 'equation'},
          image('pixels', 'The chosen digit', () => now().xb[chosen], () => grey), sign('×'),
          signed('weights', 'The weights now', () => now().before.weights), sign('='),
          signed('products', 'Each pixel times its weight', product)),
        about)),
      half(part('Loss', loss.canvas, share)),
      half(part('Gradient', signed('gradient', 'The gradient of the loss', () => now().grad.weights, () => largest(now().grad.weights) || 1), slope)),
      part('New weights', el('div', {className: 'beside'},
        el('div', {className: 'equation'},
          signed('weights', 'The weights now', () => now().before.weights), sign('−'),
          signed('lr × gradient', 'The learning rate times the gradient', move), sign('='),
          signed('new weights', 'The weights after the step', () => now().after.weights)),
        bias),
        el('p', {className: 'quiet'}, `Blue is positive, orange negative, white 0. In all pictures but the gradient, full colour is ${brief(most)}, the largest weight of the run.`))),
    el('p', {className: 'verdict'}, `All ${n} steps were taken in this page. The same steps in PyTorch ${same}: the largest difference is ${brief(difference)}.`),
  ]
}
