// What the widgets are made of: elements, controls, pictures that follow the page's theme, and a clock.

// An element: el('button', {onclick: f}, 'Run'). Names with a dash are attributes, all others properties.
export function el(tag, settings = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(settings)) {
    if (name.includes('-') || name == 'role') element.setAttribute(name, value)
    else element[name] = value
  }
  element.append(...children)
  return element
}

export const button = (text, onclick) => el('button', {type: 'button', onclick}, text)

// A range with its name before and its value behind it; `show` says the value in words
export function slider(text, {min, max, step, value, show = String, oninput}) {
  const output = el('output')
  const input = el('input', {type: 'range', min, max, step, value})  // in this order: a value has to fit its range
  const tell = () => {
    output.textContent = show(+input.value)
    input.setAttribute('aria-valuetext', output.textContent)
  }
  input.oninput = () => { tell(); oninput?.(+input.value) }
  tell()
  return {
    box: el('label', {className: 'slider'}, el('span', {}, text), input, output),
    get value() { return +input.value },
    set value(v) { input.value = v; tell() },
    set max(v) { input.max = v; tell() },
  }
}

// A box to tick
export function tick(text, oninput) {
  const input = el('input', {type: 'checkbox'})
  input.oninput = () => oninput(input.checked)
  return {box: el('label', {className: 'tick'}, input, text), input}
}

// A canvas that is as sharp as the screen, and drawn again when its size or the theme changes.
// draw(pen, width, height, color): color('blue') is the theme's blue.
const pictures = new WeakMap()
export function picture(label, height, draw) {
  const canvas = el('canvas', {role: 'img', 'aria-label': label})
  canvas.style.height = typeof height == 'number' ? `${height}px` : height
  const redraw = () => {
    const width = canvas.clientWidth, height = canvas.clientHeight
    if (!width || !height) return
    const w = Math.round(width*devicePixelRatio), h = Math.round(height*devicePixelRatio)
    if (canvas.width != w || canvas.height != h) Object.assign(canvas, {width: w, height: h})
    const pen = canvas.getContext('2d'), styles = getComputedStyle(canvas)
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
    pen.clearRect(0, 0, width, height)
    draw(pen, width, height, name => styles.getPropertyValue(`--${name}`))
  }
  pictures.set(canvas, redraw)
  new ResizeObserver(redraw).observe(canvas)
  return {canvas, redraw, describe: text => canvas.setAttribute('aria-label', text)}
}

export const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches  // whether the reader wants no motion

// A clock: calls step() `perSecond` times a second, and draw() once a frame, until step() returns false.
// For readers who want no motion it takes all steps at once.
export function clock(step, draw, perSecond, onstop = () => {}) {
  let running = false
  const stop = () => { if (running) { running = false; draw(); onstop() } }
  const start = () => {
    if (running) return
    running = true
    if (still()) {
      while (step()) { /* to the end */ }
      return stop()
    }
    let due = 0, last
    const frame = now => {
      if (!running) return
      due = Math.min(due + (now - (last ?? now))*perSecond/1000, 10)  // a page that was hidden does not catch up
      last = now
      for (; due >= 1; due--) if (!step()) return stop()
      draw()
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  }
  return {start, stop, get running() { return running }}
}

// ---- Starting

// {dtype, shape, zip}: an array that Python packed. Gives rows, or a flat array where there is one dimension.
const kinds = {float64: Float64Array, float32: Float32Array, uint8: Uint8Array, int32: Int32Array}
async function unpackArray({dtype, shape, zip}) {
  const bytes = Uint8Array.from(atob(zip), c => c.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  const numbers = new kinds[dtype](await new Response(stream).arrayBuffer())
  if (shape.length < 2) return numbers
  const n = numbers.length/shape[0]
  return Array.from({length: shape[0]}, (_, i) => numbers.subarray(i*n, (i + 1)*n))
}

export async function unpack(data) {
  const packed = Object.entries(data).filter(([, value]) => value?.zip)
  const arrays = await Promise.all(packed.map(async ([name, value]) => [name, await unpackArray(value)]))
  return {...data, ...Object.fromEntries(arrays)}
}

// Whether the page around a widget is dark: then its text is light
function isDark(host) {
  const pen = el('canvas', {width: 1, height: 1}).getContext('2d')
  pen.fillStyle = getComputedStyle(host).color
  pen.fillRect(0, 0, 1, 1)
  const [r, g, b] = pen.getImageData(0, 0, 1, 1).data
  return 0.3*r + 0.6*g + 0.1*b > 128
}

// Bring every widget of a kind to life: build(data) gives its elements. Until then, and where scripts are off, there is its still picture.
export async function start(kind, css, build) {
  for (const host of document.querySelectorAll(`[data-widget="${kind}"]:not([data-started])`)) {
    host.dataset.started = ''
    const data = await unpack(JSON.parse(host.querySelector('script').textContent))
    const section = el('section', {'aria-label': data.title}, ...await build(data))
    const follow = () => {
      section.classList.toggle('dark', isDark(host))
      for (const canvas of section.querySelectorAll('canvas')) pictures.get(canvas)?.()
    }
    host.dataset.lmSuppressShortcuts = ''  // JupyterLab's: here the arrow keys move sliders, not cells
    section.onkeydown = event => event.stopPropagation()
    host.attachShadow({mode: 'open'}).append(el('style', {textContent: css}), section)
    const watch = new MutationObserver(follow)
    for (const node of [document.documentElement, document.body]) watch.observe(node, {attributes: true})
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', follow)
    follow()
  }
}
