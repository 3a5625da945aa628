// The page that fastsgd.serve gives: what is drawn, or opened, goes to the server, and its answer is shown.
import {el} from '../js/page.js'
import {paper} from '../js/paper.js'

const find = selector => document.querySelector(selector)
const output = find('output')

// ---- The answer

const rows = find('main').dataset.classes.split(', ').map(digit => {
  const bar = el('progress', {max: 1, value: 0, 'aria-label': `probability of ${digit}`}), share = el('td', {}, '0 %')
  find('tbody').append(el('tr', {}, el('th', {scope: 'row'}, digit), el('td', {}, bar), share))
  return {digit, bar, share}
})

function say(text, state, probabilities = {}) {
  output.textContent = text
  output.dataset.state = state
  for (const {digit, bar, share} of rows) {
    bar.value = probabilities[digit] ?? 0
    share.textContent = `${(100*bar.value).toFixed(0)} %`
  }
}

// ---- The question

let timer, latest = 0  // the number of the latest drawing: an answer about an older one comes too late

// The bytes of the sheet as a PNG; toBlob would wait until the browser is idle
const png = () => Uint8Array.from(atob(sheet.canvas.toDataURL().split(',')[1]), c => c.charCodeAt(0))

async function ask() {
  const question = latest
  let text, probabilities
  try {
    const reply = await fetch('predict', {method: 'POST', headers: {'Content-Type': 'image/png'}, body: png()})
    const answer = await reply.json()
    probabilities = answer.probabilities
    text = reply.ok ? `This is a ${answer.digit}.` : answer.error
  } catch { text = 'The server does not answer.' }
  if (question == latest) say(text, 'done', probabilities)
}

function changed() {
  clearTimeout(timer)
  latest++
  output.dataset.state = 'drawing'
  timer = setTimeout(ask, 200)  // more may follow
}

function clear() {
  sheet.wipe()
  clearTimeout(timer)
  say('Draw a digit.', 'empty')
}

// ---- A file

// An image in the middle of the sheet, on paper of the colour that its corner has
function put(image, corner) {
  const pen = sheet.canvas.getContext('2d'), {width, height} = sheet.canvas
  pen.imageSmoothingQuality = 'high'  // thin lines of a large photo stay visible
  pen.drawImage(corner, 0, 0, width, height)
  const scale = Math.min(width/image.width, height/image.height)
  const [w, h] = [image.width*scale, image.height*scale]
  pen.drawImage(image, (width - w)/2, (height - h)/2, w, h)
}

async function take(file) {
  if (!file) return
  clear()
  const question = latest
  try {
    const image = await createImageBitmap(file), corner = await createImageBitmap(image, 0, 0, 1, 1)
    if (question != latest) return
    put(image, corner)
    ask()
  } catch { if (question == latest) say('This file is no image.', 'done') }
}

// ---- The page

const sheet = paper('Draw a digit.', changed)
find('#drawing').prepend(sheet.box)
find('button').after(sheet.help)
find('button').onclick = clear
find('input').onchange = event => { take(event.target.files[0]); event.target.value = '' }
document.ondragover = event => event.preventDefault()
document.ondrop = event => { event.preventDefault(); take(event.dataTransfer.files[0]) }
clear()
