// Gradient descent on the noisy parabola: full batch and mini-batches, on the same loss surface.
import {mse, quadratic, quadraticGrad} from './sgd.js'
import {button, clock, el, picture, slider} from './page.js'
import {axes, disc, inside, line} from './plot.js'

const stages = ['initialize', 'predict', 'loss', 'gradients', 'step', 'repeat', 'stop']
const [INITIALIZE, PREDICT, LOSS, GRADIENTS, STEP, REPEAT, STOP] = stages.keys()
const limit = 300

// One descent: `rows(n)` are the points that its step n looks at
export function descent(t, y, start, rows) {
  return {
    path: [start],
    get params() { return this.path.at(-1) },
    get batch() { return rows(this.path.length - 1) },
    predict() { this.preds = quadratic(this.batch.map(i => t[i]), this.params) },
    gradients() { this.grad = quadraticGrad(this.batch.map(i => t[i]), this.batch.map(i => y[i]), this.preds) },
    step(lr) {  // b is known, and stays
      const [a, b, c] = this.params
      this.path.push([a - lr*this.grad[0], b, c - lr*this.grad[2]])
    },
    get loss() { return mse(quadratic(t, this.params), y) },  // of all points
  }
}

export function build(data) {
  const {unit, truth, orders, bs} = data, t = [...data.t], all = [...t.keys()], b = truth[1]
  const perEpoch = t.length/bs
  const batch = n => [...orders[Math.floor(n/perEpoch)%orders.length]].slice(n%perEpoch*bs, (n%perEpoch + 1)*bs)
  let y, full, mini, stage

  // The surface: mse is smallest at `best`, and grows with (dc + m2 da)² + (m4 - m2²) da²
  const mean = f => t.reduce((sum, s, i) => sum + f(s, i), 0)/t.length
  const m2 = mean(s => s**2), m4 = mean(s => s**4), narrow = m4 - m2**2
  let best
  const ring = level => Array.from({length: 121}, (_, i) => {
    const da = Math.sqrt(level/narrow)*Math.cos(i*Math.PI/60)
    return [best[0] + da, best[1] + Math.sqrt(level)*Math.sin(i*Math.PI/60) - m2*da]
  })

  function drawSurface(pen, width, height, color) {
    const box = {left: 40, top: 26, right: width - 8, bottom: height - 36}
    const {X, Y} = axes(pen, box, {x: [truth[0] - 10, truth[0] + 10], y: [truth[2] - 9, truth[2] + 9], xlabel: 'a, how much it bends', ylabel: 'c, height at the top', color})
    const places = points => points.map(([a, c]) => [X(a), Y(c)])
    inside(pen, box, () => {
      for (const level of [0.05, 0.5, 2, 5, 10, 18, 30, 50, 80]) line(pen, places(ring(level)), color('line'), 1)
      for (const [run, name, radius] of [[full, 'blue', 2.5], [mini, 'orange', 2]]) {
        const path = places(run.path.map(([a, , c]) => [a, c])), [x, y] = path.at(-1)
        line(pen, path, color(name), 1.5)
        for (const [x, y] of path.slice(-60)) disc(pen, x, y, radius, color(name))
        disc(pen, x, y, 5, color(name))
        if (stage == GRADIENTS) {  // where the step will lead
          const lr = rate.value, [a, , c] = run.params
          line(pen, [[x, y], [X(a - lr*run.grad[0]), Y(c - lr*run.grad[2])]], color(name), 2, [4, 3])
        }
      }
      const [x, y] = places([best])[0]
      line(pen, [[x - 6, y], [x + 6, y]], color('ink'))
      line(pen, [[x, y - 6], [x, y + 6]], color('ink'))
    })
  }

  function drawFit(pen, width, height, color) {
    const box = {left: 40, top: 26, right: width - 8, bottom: height - 36}
    const {X, Y} = axes(pen, box, {x: [-1.05, 1.05], y: [-3, 10], xlabel: 'seconds from the top', ylabel: 'height in metres', color})
    const ts = Array.from({length: 61}, (_, i) => -1.05 + i*0.035)
    inside(pen, box, () => {
      for (const [run, name] of [[full, 'blue'], [mini, 'orange']]) {
        line(pen, quadratic(ts, run.params).map((h, i) => [X(ts[i]), Y(h)]), color(name))
        if (stage == LOSS) run.batch.forEach((i, k) => line(pen, [[X(t[i]), Y(y[i])], [X(t[i]), Y(run.preds[k])]], color(name), 1))
      }
      const chosen = new Set(stage == INITIALIZE || stage == STOP ? [] : mini.batch)
      for (const i of all) disc(pen, X(t[i]), Y(y[i]), chosen.has(i) ? 5 : 3, color(chosen.has(i) ? 'orange' : 'quiet'))
    })
  }

  const list = el('ol', {className: 'stages'}, ...stages.map(name => el('li', {}, name)))
  const say = el('p', {className: 'say', role: 'status'})
  const surface = picture('', 300, drawSurface), fit = picture('', 300, drawFit)

  const diverged = () => Math.max(full.loss, mini.loss) > 1e4
  const steps = () => full.path.length - 1
  const finished = () => diverged() || steps() >= limit || Math.hypot(full.grad[0], full.grad[2]) < 0.01

  // Go on to the next of the seven; false once there is nothing left to do
  function advance() {
    if (stage == STOP) return false
    stage = stage == REPEAT ? PREDICT : stage == STEP && !finished() ? REPEAT : stage == STEP ? STOP : stage + 1
    for (const run of [full, mini]) {
      if (stage == PREDICT) run.predict()
      if (stage == GRADIENTS) run.gradients()
      if (stage == STEP) run.step(rate.value)
    }
    return stage != STOP
  }

  function verdict() {
    if (diverged()) return 'Each step is too long and lands higher than before. Reset, and choose a smaller learning rate.'
    if (stage != STOP) return ''
    return steps() >= limit ? `${limit} steps are enough.` : 'At the lowest point of the full batch, where its gradient is nearly 0.'
  }

  function show() {
    [...list.children].forEach((item, i) => i == stage ? item.setAttribute('aria-current', 'step') : item.removeAttribute('aria-current'))
    surface.redraw()
    fit.redraw()
    say.setAttribute('aria-live', single.running || run.running ? 'off' : 'polite')  // read out once things have come to rest
    const loss = run => run.loss < 1e4 ? run.loss.toFixed(3) : run.loss.toExponential(1)
    say.textContent = `After ${steps()} ${steps() == 1 ? 'step' : 'steps'} the loss is ${loss(full)} with the full batch, ${loss(mini)} with mini-batches. ${verdict()}`
  }

  // What the pictures show, in words
  function tell() {
    const at = run => `a ${run.params[0].toFixed(2)}, c ${run.params[2].toFixed(2)}`
    surface.describe(`Rings of equal loss around the best a and c. Full batch at ${at(full)}; mini-batches at ${at(mini)}; best: a ${best[0].toFixed(2)}, c ${best[1].toFixed(2)}.`)
    fit.describe('The measured points, and the parabolas of the full batch and of mini-batches.')
    playing.textContent = 'Run'
  }

  function reset() {
    single.stop()
    run.stop()
    y = quadratic(t, truth).map((h, i) => h + noise.value*unit[i])
    const u = mean((s, i) => s*s*(y[i] - b*s)), v = mean((s, i) => y[i] - b*s), a = (u - m2*v)/narrow
    best = [a, v - m2*a]
    const start = [startA.value, b, startC.value]
    full = descent(t, y, start, () => all)
    mini = descent(t, y, start, batch)
    stage = INITIALIZE
    show()
    tell()
  }

  // Step: as far as `repeat`, slowly enough to see each light. Run: on and on.
  const single = clock(() => advance() && stage != REPEAT, show, 5, tell), run = clock(advance, show, 40, tell)
  const play = () => {
    const was = run.running
    single.stop()
    if (was) return run.stop()
    playing.textContent = 'Pause'
    run.start()
  }
  const playing = button('Run', play)
  const next = button('Step', () => {
    run.stop()
    if (single.running) while (stage != REPEAT && advance()) { /* pressed before a step has ended: it ends at once */ }
    single.stop()
    single.start()
  })
  const number = v => v.toFixed(2).replace('-', '−')
  const rate = slider('Learning rate', {min: 0.02, max: 1.1, step: 0.02, value: data.lr, show: number})
  const noise = slider('Noise', {min: 0, max: 2, step: 0.1, value: data.noise, show: v => `${v.toFixed(1)} m`, oninput: () => reset()})
  const startA = slider('Start, a', {min: truth[0] - 9, max: truth[0] + 9, step: 0.1, value: data.start[0], show: number, oninput: () => reset()})
  const startC = slider('Start, c', {min: truth[2] - 8, max: truth[2] + 8, step: 0.1, value: data.start[1], show: number, oninput: () => reset()})
  const key = (name, text) => el('span', {}, el('span', {className: `key ${name}`}), text)
  reset()
  return [
    el('div', {className: 'row'}, next, playing, button('Reset', reset)),
    list,
    el('div', {className: 'columns'}, surface.canvas, fit.canvas),
    el('div', {className: 'row quiet'}, key('blue', `full batch: all ${t.length} points a step`), key('orange', `mini-batches: ${bs} points a step`)),
    say,
    el('div', {className: 'controls'}, rate.box, noise.box, startA.box, startC.box),
  ]
}
