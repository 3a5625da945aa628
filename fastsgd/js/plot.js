// Plots: axes with a few round numbers, lines, and 28 by 28 pixels as a picture.

// Round numbers between two ends, about n of them
export function ticks(min, max, n = 4) {
  const rough = (max - min)/n, power = 10**Math.floor(Math.log10(rough))
  const gap = power*[1, 2, 5, 10].find(m => m*power >= rough)
  const count = Math.floor(max/gap + 1e-9) - Math.ceil(min/gap - 1e-9) + 1
  return Array.from({length: count}, (_, i) => +((Math.ceil(min/gap - 1e-9) + i)*gap).toPrecision(10))
}

// Axes in a box {left, top, right, bottom}; yname(y) is what stands beside the height y, for all of yticks. Gives X and Y, which turn numbers into places, and their inverses.
export function axes(pen, box, {x: [x0, x1], y: [y0, y1], xlabel, ylabel, yticks = ticks(y0, y1, (box.bottom - box.top)/45), yname = String, color}) {
  const X = x => box.left + (x - x0)/(x1 - x0)*(box.right - box.left)
  const Y = y => box.bottom - (y - y0)/(y1 - y0)*(box.bottom - box.top)
  Object.assign(pen, {font: '12px system-ui, sans-serif', fillStyle: color('quiet'), strokeStyle: color('line'), lineWidth: 1, textBaseline: 'middle'})
  pen.beginPath()
  pen.moveTo(box.left, box.top)
  pen.lineTo(box.left, box.bottom)
  pen.lineTo(box.right, box.bottom)
  pen.stroke()
  pen.textAlign = 'center'
  for (const x of ticks(x0, x1, (box.right - box.left)/80)) pen.fillText(String(x).replace('-', '−'), X(x), box.bottom + 11)
  if (xlabel) pen.fillText(xlabel, (box.left + box.right)/2, box.bottom + 27)
  pen.textAlign = 'right'
  for (const y of yticks) pen.fillText(yname(y).replace('-', '−'), box.left - 6, Y(y))
  pen.textAlign = 'left'
  if (ylabel) pen.fillText(ylabel, Math.max(box.left - 34, 2), box.top - 17)
  return {X, Y, x: px => x0 + (px - box.left)/(box.right - box.left)*(x1 - x0), y: py => y0 + (box.bottom - py)/(box.bottom - box.top)*(y1 - y0)}
}

// A line through points [[x, y], ...], in places of the canvas
export function line(pen, points, color, width = 2, dash = []) {
  Object.assign(pen, {strokeStyle: color, lineWidth: width, lineJoin: 'round'})
  pen.setLineDash(dash)
  pen.beginPath()
  for (const [x, y] of points) pen.lineTo(x, y)
  pen.stroke()
  pen.setLineDash([])
}

export function disc(pen, x, y, radius, color) {
  pen.fillStyle = color
  pen.beginPath()
  pen.arc(x, y, radius, 0, 2*Math.PI)
  pen.fill()
}

// The same lines, clipped to a box
export function inside(pen, {left, top, right, bottom}, draw) {
  pen.save()
  pen.beginPath()
  pen.rect(left, top, right - left, bottom - top)
  pen.clip()
  draw()
  pen.restore()
}

// Numbers as pixels, side by side: rgb(v) gives the colour of a number as [red, green, blue]
const small = document.createElement('canvas')
export function pixels(pen, numbers, rgb, x, y, width, height = width, columns = 28) {
  const rows = numbers.length/columns
  if (small.width != columns || small.height != rows) Object.assign(small, {width: columns, height: rows})
  const brush = small.getContext('2d', {willReadFrequently: true}), image = brush.createImageData(columns, rows)
  for (let i = 0; i < numbers.length; i++) image.data.set([...rgb(numbers[i]), 255], 4*i)
  brush.putImageData(image, 0, 0)
  pen.imageSmoothingEnabled = false
  pen.drawImage(small, x, y, width, height)
}

// Black for 0, white for 1
export const grey = v => [255*v, 255*v, 255*v]

// White for 0, blue for `most`, orange for -`most`
export const bluesAndOranges = most => v => {
  const share = Math.min(Math.abs(v)/most, 1), end = v > 0 ? [0, 114, 178] : [213, 94, 0]
  return end.map(e => 255 + (e - 255)*share)
}
