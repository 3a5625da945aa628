// What fastsgd.serve.prepare does, once more: a drawing becomes 28 by 28 numbers as MNIST has them.
// A picture is a list of rows. Its numbers are float32, as in Python, so that both round alike.
import {dot} from './sgd.js'

const float32 = Math.fround
const rowsOf = (numbers, width) => Array.from({length: numbers.length/width}, (_, i) => numbers.subarray(i*width, (i + 1)*width))
const transposed = rows => Array.from(rows[0], (_, i) => Float32Array.from(rows, row => row[i]))

// The nearest whole number; a half goes to the even one, as in Python
function rounded(v) {
  const below = Math.floor(v), rest = v - below
  return rest > 0.5 || rest == 0.5 && below%2 ? below + 1 : below
}

// Grey values in [0, 1], which weigh red, green and blue as Pillow does
function greyRows({data, width, height}) {
  const grey = new Float32Array(width*height)
  for (let i = 0; i < grey.length; i++) grey[i] = ((data[4*i]*19595 + data[4*i + 1]*38470 + data[4*i + 2]*7471 + 0x8000) >> 16)/255
  return rowsOf(grey, width)
}

function median(numbers) {
  const sorted = Float32Array.from(numbers).sort(), half = sorted.length/2
  return float32((sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)])/2)
}

// White on black: how much each pixel differs from the paper, from 0 to 1; nothing where the sheet is blank
function inkRows(rows) {
  const paper = median([...rows[0], ...rows.at(-1), ...rows.map(row => row[0]), ...rows.map(row => row.at(-1))])
  const ink = rows.map(row => row.map(v => paper < 0.5 ? v - paper : paper - v))
  const most = Math.max(...ink.map(row => Math.max(...row)))
  if (most < float32(0.1)) return null
  const share = v => float32(v/most)
  return ink.map(row => row.map(v => share(v) > float32(0.2) ? share(v) : 0))  // shades of the paper are no ink
}

const sum = numbers => numbers.reduce((a, b) => a + b, 0)

// Lines of n numbers each: every one a mean of those near it, with weights that fall off like a triangle (Pillow's BILINEAR)
function resized(lines, n) {
  const size = lines[0].length, scale = size/n, reach = Math.max(scale, 1)
  const near = Array.from({length: n}, (_, i) => {
    const centre = (i + 0.5)*scale
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0), end = Math.min(Math.trunc(centre + reach + 0.5), size)
    const weights = Array.from({length: end - first}, (_, k) => Math.max(1 - Math.abs((k + first - centre + 0.5)*(1/reach)), 0)), total = sum(weights)
    return {first, weights: weights.map(w => w/total)}
  })
  return lines.map(line => Float32Array.from(near, ({first, weights}) => dot(weights, line.subarray(first))))
}

// The part with ink, scaled to fit 20 by 20 pixels
function fitted(rows) {
  const first = rows.map(row => row.findIndex(v => v > 0)), last = rows.map(row => row.findLastIndex(v => v > 0))  // -1 where there is none
  const top = last.findIndex(n => n >= 0), bottom = last.findLastIndex(n => n >= 0) + 1
  const left = Math.min(...first.filter(n => n >= 0)), right = Math.max(...last) + 1
  const part = rows.slice(top, bottom).map(row => row.subarray(left, right))
  const [height, width] = [bottom - top, right - left].map((n, _, both) => Math.max(1, rounded(20*n/Math.max(...both))))
  return transposed(resized(transposed(resized(part, width)), height))
}

// 784 numbers, the rows one after the other, with the centre of mass in the middle
function centred(rows) {
  const start = lines => {
    const masses = lines.map(line => float32(sum(line))), mass = sum(masses.map((m, i) => m*i))/sum(masses)
    return Math.min(Math.max(rounded(14 - mass), 0), 28 - lines.length)
  }
  const whole = new Float32Array(784), top = start(rows), left = start(transposed(rows))
  rows.forEach((row, i) => whole.set(row.map(v => Math.min(v, 1)), 28*(top + i) + left))
  return whole
}

// From an opaque ImageData; null for a blank one
export function prepare(image) {
  const ink = inkRows(greyRows(image))
  return ink && centred(fitted(ink))
}
