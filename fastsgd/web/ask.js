// The page that fastsgd.serve gives: what is drawn, or shown, goes to the server, and its answer is shown.
import {el} from '../js/page.js'
import {paper} from '../js/paper.js'

const find = selector => document.querySelector(selector)
const model = JSON.parse(find('main').dataset.model)
const output = find('output'), invitation = output.textContent
const [why, figure] = [find('#why'), find('figure')]

// ---- The answer

// Digits keep their places; of other classes the likeliest are shown
function rows(probabilities) {
  if (model.digits) return model.classes.map(name => [name, probabilities[name] ?? 0])
  return Object.entries(probabilities).sort((a, b) => b[1] - a[1]).slice(0, 5)
}

function say(text, state, probabilities = {}) {
  output.textContent = text
  output.dataset.state = state
  find('tbody').replaceChildren(...rows(probabilities).map(([name, share]) => el('tr', {},
    el('th', {scope: 'row'}, name),
    el('td', {}, el('progress', {max: 1, value: share, 'aria-label': `probability of ${name}`})),
    el('td', {}, `${(100*share).toFixed(0)} %`))))
  why.disabled = !Object.keys(probabilities).length
  figure.hidden = true
}

// ---- The question

let timer, latest = 0  // the number of the latest picture: an answer about an older one comes too late
let photo  // the file to ask about, where it is not the sheet

// The bytes of the sheet as a PNG; toBlob would wait until the browser is idle
const png = () => Uint8Array.from(atob(sheet.canvas.toDataURL().split(',')[1]), c => c.charCodeAt(0))

const post = (address, body) => fetch(address, {method: 'POST', headers: {'Content-Type': body.type || 'image/png'}, body})

async function ask() {
  const question = latest
  let text, probabilities
  try {
    const reply = await post('predict', photo ?? png())
    const answer = await reply.json()
    probabilities = answer.probabilities
    text = !reply.ok ? answer.error : model.digits ? `This is a ${answer.answer}.` : `Looks like: ${answer.answer}.`
  } catch { text = 'The server does not answer.' }
  if (question == latest) say(text, 'done', probabilities)
}

function changed() {
  clearTimeout(timer)
  latest++
  why.disabled = true
  output.dataset.state = 'drawing'
  timer = setTimeout(ask, 200)  // more may follow
}

function clear() {
  if (model.digits) sheet.wipe()
  else {
    latest++
    sheet.canvas.getContext('2d').clearRect(0, 0, sheet.canvas.width, sheet.canvas.height)
  }
  photo = undefined
  clearTimeout(timer)
  say(invitation, 'empty')
}

// ---- Which parts spoke for it

function colour(pen, parts, side) {
  const most = Math.max(...parts.flat().map(Math.abs)) || 1, cell = side/parts.length
  parts.forEach((row, y) => row.forEach((v, x) => {
    pen.fillStyle = `rgb(${v > 0 ? '230 159 0' : '0 114 178'} / ${0.75*Math.abs(v)/most})`
    pen.fillRect(x*cell, y*cell, cell, cell)
  }))
}

function inWords({answer, parts}) {
  const flat = parts.flat(), at = flat.indexOf(Math.max(...flat)), n = parts.length
  return `The part that spoke most for ${answer}: row ${Math.floor(at/n) + 1}, column ${at%n + 1} of ${n}.`
}

async function explain() {
  const question = latest
  try {
    const reply = await post('why', photo ?? png()), reasons = await reply.json()
    if (question != latest) return
    if (!reply.ok) return say(reasons.error, 'done')
    const image = new Image()
    image.src = reasons.picture
    await image.decode()
    const canvas = figure.querySelector('canvas'), pen = canvas.getContext('2d')
    pen.imageSmoothingEnabled = false
    pen.drawImage(image, 0, 0, canvas.width, canvas.height)
    colour(pen, reasons.parts, canvas.width)
    canvas.setAttribute('aria-label', inWords(reasons))
    figure.hidden = false
  } catch { if (question == latest) say('The server does not answer.', 'done') }
}

// ---- A file

// An image in the middle of the sheet, on paper of the colour that its corner has
function put(image, corner) {
  const pen = sheet.canvas.getContext('2d'), {width, height} = sheet.canvas
  pen.imageSmoothingQuality = 'high'  // thin lines of a large photo stay visible
  if (corner) pen.drawImage(corner, 0, 0, width, height)
  const scale = Math.min(width/image.width, height/image.height)
  const [w, h] = [image.width*scale, image.height*scale]
  pen.drawImage(image, (width - w)/2, (height - h)/2, w, h)
}

// A photo as the server takes it: the file itself, or a smaller copy
function packed(file, image) {
  const long = Math.max(image.width, image.height)
  if (file.size <= model.bytes && long <= model.side && model.formats.includes(file.type)) return file
  const scale = Math.min(1, 1024/long)
  const canvas = el('canvas', {width: Math.ceil(image.width*scale), height: Math.ceil(image.height*scale)})
  const pen = canvas.getContext('2d')
  pen.fillStyle = 'white'
  pen.fillRect(0, 0, canvas.width, canvas.height)
  pen.imageSmoothingQuality = 'high'
  pen.drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', 0.9))
}

async function take(file) {
  if (!file) return
  clear()
  const question = latest
  try {
    const image = await createImageBitmap(file)  // turned as the camera was held
    const corner = model.digits && await createImageBitmap(image, 0, 0, 1, 1)
    const copy = model.digits ? undefined : await packed(file, image)
    if (question != latest) return
    photo = copy
    put(image, corner)
    ask()
  } catch { if (question == latest) say('This file is no image.', 'done') }
}

// ---- The page

function frame() {
  const canvas = el('canvas', {width: 280, height: 280, role: 'img', 'aria-label': 'Your photo'})
  return {canvas, box: el('div', {className: 'sheet'}, canvas), help: ''}
}

const sheet = model.digits ? paper('Draw a digit.', changed) : frame()
find('#asking').prepend(sheet.box)
find('#clear').after(sheet.help)
find('#clear').onclick = clear
why.onclick = explain
for (const input of document.querySelectorAll('input'))
  input.onchange = event => { take(event.target.files[0]); event.target.value = '' }
document.ondragover = event => event.preventDefault()
document.ondrop = event => { event.preventDefault(); take(event.dataTransfer.files[0]) }
document.onpaste = event => take(event.clipboardData.files[0])
clear()
