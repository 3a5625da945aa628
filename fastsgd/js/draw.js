// A model that reads what is drawn: what it sees, what it answers, and which pixels speak for that.
import {button, el, picture} from './page.js'
import {paper} from './paper.js'
import {bluesAndOranges, grey, pixels} from './plot.js'
import {prepare} from './prepare.js'
import {dot, sigmoid} from './sgd.js'

// ---- The model

// Its layers; `weights` has a row for each number that comes out. Large models come in bytes, 128 for 0.
export function layersOf(data) {
  const layer = (weights, bias) => {
    const rows = data[weights], scale = data.scales?.[weights]
    return {weights: scale ? rows.map(row => Float64Array.from(row, byte => scale*(byte - 128))) : rows, bias: data[bias]}
  }
  return data.w1 ? [layer('w1', 'b1'), layer('w2', 'b2')] : [layer('weights', 'bias')]
}

const linear = ({weights, bias}, x) => weights.map((row, i) => dot(row, x) + bias[i])
const relu = numbers => numbers.map(v => Math.max(v, 0))

// What tier 1's linear1 or simple_net gives for one image
export function predict([first, second], x) {
  const out = linear(first, x)
  return second ? linear(second, relu(out)) : out
}

export function probabilities(out) {
  if (out.length == 1) return [sigmoid(out[0]), 1 - sigmoid(out[0])]
  const most = Math.max(...out), shares = out.map(z => Math.exp(z - most))
  return shares.map(s => s/shares.reduce((a, b) => a + b))
}

// How much each number that comes out changes with each pixel
function gradients([first, second], x) {
  if (!second) return first.weights
  const on = linear(first, x).map(h => h > 0)  // a hidden number below 0 counts for nothing
  return second.weights.map(outs => {
    const slope = new Float64Array(x.length)
    first.weights.forEach((row, j) => { if (on[j]) for (let i = 0; i < slope.length; i++) slope[i] += outs[j]*row[i] })
    return slope
  })
}

// For each class its score, and what each pixel adds to it. A single number that comes out is the score of the first class, and its negative that of the second.
export function evidence(layers, x) {
  const out = predict(layers, x)
  const parts = gradients(layers, x).map((slope, k) => ({terms: Float64Array.from(x, (v, i) => slope[i]*v), score: out[k]}))
  return out.length > 1 ? parts : [parts[0], {terms: parts[0].terms.map(t => -t), score: -out[0]}]
}

// ---- The widget

const named = digit => `${digit == 8 ? 'an' : 'a'} ${digit}`

export function build(data) {
  const {classes, examples, labels} = data, layers = layersOf(data)
  const task = classes.length == 10 ? 'Draw a digit from 0 to 9.' : `Draw ${classes.slice(0, -1).map(named).join(', ')} or ${named(classes.at(-1))}.`
  const times = layers.length == 1 ? 'weight × pixel' : 'gradient × pixel'
  let x, probs, shown, parts, most = 1  // of the drawing; x is null while the sheet is blank

  const seen = picture('', '', (pen, width) => pixels(pen, x ?? new Float32Array(784), grey, 0, 0, width))
  const looks = picture('', '', (pen, width) => pixels(pen, x ? parts[shown].terms : new Float32Array(784), bluesAndOranges(most), 0, 0, width))
  const say = el('p', {className: 'say', role: 'status'})
  const sums = el('p', {className: 'sums quiet'})

  const rows = classes.map(c => {
    const bar = el('div'), share = el('td')
    return {bar, share, row: el('tr', {}, el('th', {scope: 'row'}, String(c)), el('td', {}, bar), share)}
  })
  const table = el('table', {className: 'bars', 'aria-label': 'Probability of each digit'}, el('tbody', {}, ...rows.map(r => r.row)))

  const choice = el('select', {onchange: () => show()}, el('option', {value: ''}, 'the digit it reads'), ...classes.map((c, i) => el('option', {value: i}, named(c))))

  const number = v => v.toFixed(2).replace('-', '−')
  const put = (element, text) => { if (element.textContent != text) element.textContent = text }  // a screen reader speaks of every change

  function show() {
    const answer = x ? probs.indexOf(Math.max(...probs)) : -1
    shown = choice.value ? +choice.value : answer
    rows.forEach(({bar, share, row}, i) => {
      bar.style.width = `${100*(x ? probs[i] : 0)}%`
      put(share, x ? `${(100*probs[i]).toFixed(0)}%` : '')
      row.classList.toggle('answer', i == answer)
    })
    put(say, x ? `This looks like ${named(classes[answer])}.` : task)
    put(sums, x ? words(named(classes[shown]), parts[shown]) : `Blue pixels speak for a digit, orange ones against it.`)
    seen.describe(x ? 'The drawing in 28 by 28 pixels, white on black, with its centre of mass in the middle' : 'Nothing yet')
    looks.describe(x ? `${times}, for ${named(classes[shown])}. ${sums.textContent}` : 'Nothing yet')
    seen.redraw()
    looks.redraw()
  }

  function words(digit, {terms, score}) {
    const blue = terms.reduce((sum, t) => sum + Math.max(t, 0), 0), orange = terms.reduce((sum, t) => sum + Math.min(t, 0), 0)
    const rest = layers.length == 1 ? 'bias' : 'biases'
    return `For ${digit}: blue pixels ${number(blue)}, orange ones ${number(orange)}, ${rest} ${number(score - blue - orange)}. The score is the sum, ${number(score)}.`
  }

  function read() {
    x = prepare(sheet.image)
    if (x) {
      probs = probabilities(predict(layers, x))
      parts = evidence(layers, x)
      most = Math.max(...parts.map(({terms}) => terms.reduce((m, t) => Math.max(m, Math.abs(t)), 0))) || 1  // one scale, so that classes can be compared
    }
    show()
  }

  let due = false
  function soon() {  // once a frame, however often the pen moves
    if (due) return
    due = true
    requestAnimationFrame(() => { due = false; read() })
  }

  const sheet = paper(task, soon)
  const thumbs = examples.map((numbers, i) => {
    const canvas = el('canvas', {width: 28, height: 28})
    pixels(canvas.getContext('2d'), numbers, v => grey(1 - v/255), 0, 0, 28)
    return el('button', {type: 'button', className: 'thumb', 'aria-label': `Example ${i + 1}: ${named(labels[i])}`, onclick: () => sheet.put(numbers)}, canvas)
  })
  const figure = (name, {canvas}) => el('figure', {}, el('figcaption', {}, name), canvas)
  show()
  return [
    el('div', {className: 'columns'},
      el('div', {}, sheet.box, el('div', {className: 'row'}, button('Clear', sheet.wipe), say)),
      el('div', {}, table, sheet.help)),
    el('div', {className: 'row', role: 'group', 'aria-label': 'Examples'}, el('span', {className: 'quiet'}, 'Or take an example:'), ...thumbs),
    el('div', {className: 'pair'}, figure('What the model sees', seen), figure(`Where it looks: ${times}`, looks)),
    el('div', {className: 'row'}, el('label', {className: 'choice'}, 'What speaks for', choice)),
    sums,
  ]
}
