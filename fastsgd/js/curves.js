// Three tiers whose curves are one, and mistakes that hide from accuracy but not from the weights.
import {button, clock, el, picture, slider, tick} from './page.js'
import {axes, disc, inside, line} from './plot.js'

const tiers = [['blue', 12], ['amber', 8], ['green', 4]]  // wide below narrow, so that all three are seen

// A logarithmic scale for numbers from 0 on: 0 has its place one power of ten below the smallest of the others
export function logScale(numbers) {
  const powers = numbers.filter(v => v > 0 && v < Infinity).map(Math.log10)
  const low = powers.reduce((a, b) => Math.min(a, Math.floor(b)), 0), zero = low - 1
  const high = powers.reduce((a, b) => Math.max(a, Math.ceil(b)), low + 1)
  const gap = Math.ceil((high - low)/5), ticks = [zero]
  for (let p = high; p >= low; p -= gap) ticks.push(p)
  const name = p => p == zero ? '0' : p < -3 || p > 3 ? `1e${p}` : String(+`1e${p}`)
  return {range: [zero - 0.03*(high - zero), high], ticks, name, place: v => v == 0 ? zero : Math.log10(v)}
}

// Heights for labels beside `wanted` ones: at least `gap` apart, between top and bottom
export function spread(wanted, gap, top, bottom) {
  const places = [...wanted], up = [...wanted.keys()].sort((i, j) => wanted[j] - wanted[i])
  const apart = (order, limit, sign) => order.forEach((i, n) => { places[i] = sign*Math.max(sign*places[i], sign*(n ? places[order[n - 1]] : limit) + (n && gap)) })
  apart(up, bottom, -1)
  apart(up.reverse(), top, 1)
  return places
}

const share = accuracy => accuracy.toFixed(4)
const off = diff => diff == 0 ? '0' : diff.toPrecision(3).replace('-', '−')

export function build(data) {
  const {epochs, epochLen, changes, parts} = data, steps = epochs*epochLen
  const curves = data.names.map((name, i) => {
    const [color, width] = tiers[i] ?? [`mistake${i - 2}`, 2]
    return {name, color, width, number: i - 2, accuracy: data.accuracy[i], diffs: data.diffs[i], drawn: steps}
  })
  const right = curves.slice(0, 3), scale = logScale(data.diffs.flatMap(d => [...d]))
  const lowest = Math.min(0.5, ...data.accuracy.flatMap(a => [...a]))  // a guess is right half the time
  let on = []  // mistakes, in the order in which they were switched on

  const shown = () => curves.filter(c => right.includes(c) || on.includes(c))
  const epoch = () => Math.floor(cursor.value/epochLen)  // how many have come to their end

  // One plot: points(curve) are [x, y], to the step up to which a curve is drawn; at(curve) is where the cursor reads it
  function draw(pen, width, height, color, stepsPerUnit, settings, points, at) {
    const box = {left: 40, top: 26, right: width - 22, bottom: height - 36}
    const {X, Y, x} = axes(pen, box, {x: [0, steps/stepsPerUnit], color, ...settings})
    const reach = step => X(step/stepsPerUnit)
    line(pen, [[reach(cursor.value), box.top], [reach(cursor.value), box.bottom]], color('quiet'), 1)
    for (const curve of shown()) {
      const places = points(curve).map(([x, y]) => [X(x), Y(y)])
      inside(pen, {left: 0, top: 0, bottom: height, right: curve.drawn < steps ? reach(curve.drawn) : width}, () => {
        pen.lineDashOffset = 4*curve.number  // where two mistakes lie on each other, both are seen
        line(pen, places, color(curve.color), curve.width, right.includes(curve) ? [] : [6, 6])
        if (curve.accuracy.length == places.length) for (const [x, y] of places) disc(pen, x, y, 1 + curve.width/2, color(curve.color))
        const here = at(curve)
        if (here) disc(pen, X(here[0]), Y(here[1]), 3 + curve.width/2, color(curve.color))
      })
    }
    const done = on.filter(c => c.drawn >= steps)
    const labels = spread(done.map(c => Y(points(c).at(-1)[1])), 12, box.top, box.bottom)
    Object.assign(pen, {textAlign: 'left', textBaseline: 'middle'})
    done.forEach((c, i) => {
      pen.fillStyle = color(c.color)
      pen.fillText(c.number, box.right + 9, labels[i])
    })
    return px => x(px)*stepsPerUnit
  }

  let stepAt = [null, null]
  const accuracy = picture('', 280, (pen, width, height, color) => {
    const settings = {y: [Math.floor(10*lowest)/10, 1], xlabel: 'epoch', ylabel: 'validation accuracy'}
    stepAt[0] = draw(pen, width, height, color, epochLen, settings, c => [...c.accuracy].map((a, i) => [i + 1, a]),
      c => epoch() ? [epoch(), c.accuracy[epoch() - 1]] : null)
  })
  const weights = picture('', 280, (pen, width, height, color) => {
    const settings = {y: scale.range, yticks: scale.ticks, yname: scale.name, xlabel: 'step', ylabel: 'largest weight difference from tier 1'}
    stepAt[1] = draw(pen, width, height, color, 1, settings, c => [...c.diffs].map((d, i) => [i, scale.place(d)]),
      c => [cursor.value, scale.place(c.diffs[cursor.value])])
  })

  // ---- The numbers at the cursor

  const caption = el('caption'), measured = el('th', {scope: 'col'}), rows = el('tbody')
  const head = el('tr', {}, el('th', {scope: 'col'}, 'run'), measured, el('th', {scope: 'col'}, 'weights off by'))
  const table = el('table', {className: 'readings'}, caption, el('thead', {}, head), rows)

  function key(curve) {
    const swatch = el('span', {className: 'key'})
    Object.assign(swatch.style, {borderColor: `var(--${curve.color})`, borderTopWidth: `${curve.width}px`, borderTopStyle: right.includes(curve) ? 'solid' : 'dashed'})
    return swatch
  }

  function read() {
    caption.textContent = `After step ${cursor.value} of ${steps}`
    measured.textContent = epoch() ? `accuracy after epoch\u00a0${epoch()}` : 'no accuracy before the end of epoch\u00a01'
    rows.replaceChildren(...shown().map(c => el('tr', {},
      el('th', {scope: 'row'}, key(c), right.includes(c) ? c.name : `${c.number} ${c.name}`),
      el('td', {}, epoch() ? share(c.accuracy[epoch() - 1]) : '–'), el('td', {}, off(c.diffs[cursor.value])))))
  }

  function show() {
    read()
    accuracy.redraw()
    weights.redraw()
  }

  // ---- In words

  const say = el('p', {className: 'say', role: 'status'}), edits = el('div')
  const after = `after ${epochs} ${epochs == 1 ? 'epoch' : 'epochs'}`

  function verdict() {
    const mistake = on.at(-1), last = curve => share(curve.accuracy.at(-1))
    if (!mistake) {
      const most = Math.max(...right.flatMap(c => [...c.diffs]))
      return `The three tiers: ${after} accuracy is ${right.map(last).join(', ')}; the weights are ${most ? `never more than ${off(most)} off` : 'the same after every step'}.`
    }
    const step = parts[mistake.number - 1]
    const apart = step ? `the weights are up to ${off(mistake.diffs.at(-1))} off. They part at step ${step}.` : 'the weights are the right ones.'
    return `${mistake.name}: ${after} accuracy is ${last(mistake)}, right is ${last(right[0])}; ${apart}`
  }

  // What was changed to make a mistake
  function edit(c) {
    const {where, was, is} = changes[c.number - 1], code = text => el('dd', {}, el('code', {}, text))
    const lines = [el('dt', {}, 'right'), code(was), el('dt', {}, 'wrong'), is ? code(is) : el('dd', {}, 'left out')]
    return [el('p', {}, `${c.number} ${c.name}, in ${where}`), el('dl', {}, ...lines)]
  }

  function tell() {
    say.textContent = verdict()
    edits.replaceChildren(...curves.filter(c => on.includes(c)).flatMap(edit))
    const names = shown().map(c => c.name).join('; ')
    accuracy.describe(`Accuracy after each epoch, one curve each: ${names}. The numbers are in the table.`)
    weights.describe(`Largest difference of any weight from tier 1 after each step, one curve each, on a logarithmic scale whose lowest line is 0: ${names}. The numbers are in the table.`)
  }

  // ---- What can be done

  // A new curve is drawn from left to right, in about a second
  const grow = clock(() => {
    for (const c of on) c.drawn = Math.min(c.drawn + steps/60, steps)
    return on.some(c => c.drawn < steps)
  }, show, 60)

  function turn(c, isOn) {
    on = on.filter(other => other != c)
    if (isOn) {
      on.push(c)
      c.drawn = 0
      grow.start()
    }
    show()
    tell()
  }

  const sweep = clock(() => {
    cursor.value++
    return cursor.value < steps
  }, show, Math.max(10, steps/8), () => { playing.textContent = 'Run' })
  const playing = button('Run', () => {
    if (sweep.running) return sweep.stop()
    if (cursor.value == steps) cursor.value = 0
    playing.textContent = 'Pause'
    sweep.start()
  })
  const cursor = slider('After step', {min: 0, max: steps, step: 1, value: steps, oninput: () => { sweep.stop(); show() }})
  const switches = curves.slice(3).map(c => tick(`${c.number} ${c.name}`, isOn => turn(c, isOn)))

  function reset() {
    sweep.stop()
    grow.stop()
    on = []
    for (const {input} of switches) input.checked = false
    cursor.value = steps
    show()
    tell()
  }

  // The cursor follows the mouse or a finger across the plots
  for (const [i, {canvas}] of [accuracy, weights].entries()) {
    canvas.onpointerdown = canvas.onpointermove = event => {
      if (!event.buttons) return
      sweep.stop()
      cursor.value = Math.round(stepAt[i](event.offsetX))
      show()
    }
  }

  reset()
  return [
    el('fieldset', {className: 'switches'}, el('legend', {}, 'Switch on a mistake'), ...switches.map(s => s.box)),
    el('div', {className: 'row cursor'}, playing, button('Reset', reset), cursor.box),
    el('div', {className: 'columns'}, accuracy.canvas, weights.canvas),
    el('p', {className: 'quiet'}, 'The scale of weight differences is logarithmic; 0 has a place of its own below it.'),
    say, table, edits,
  ]
}
