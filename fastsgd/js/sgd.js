// The mathematics of the widgets: tier 1's functions once more, in JavaScript, whose numbers are all float64.
// A batch is a list of rows, and a row is an array of numbers.

export const mean = numbers => numbers.reduce((sum, n) => sum + n, 0)/numbers.length

export function dot(a, b) {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]*b[i]
  return sum
}

export const sigmoid = z => 1/(1 + Math.exp(-z))

// ---- The parabola

export const quadratic = (t, [a, b, c]) => t.map(s => a*s*s + b*s + c)

export const mse = (preds, targets) => mean(preds.map((p, i) => (p - targets[i])**2))

// How mse changes with a, b and c
export function quadraticGrad(t, targets, preds) {
  const slopes = preds.map((p, i) => 2*(p - targets[i])/t.length)  // how mse changes with each prediction
  return [dot(slopes, t.map(s => s*s)), dot(slopes, t), dot(slopes, t.map(() => 1))]
}

// ---- The linear model

// One prediction for each row
export const linear1 = (xb, {weights, bias}) => xb.map(x => dot(x, weights) + bias)

// How far the sigmoid of each prediction is from its target, on average
export const mnistLoss = (preds, yb) => mean(preds.map((p, i) => yb[i] ? 1 - sigmoid(p) : sigmoid(p)))

// How mnistLoss changes with each weight and with the bias
export function calcGrad(xb, yb, preds) {
  const weights = new Float64Array(xb[0].length)
  let bias = 0
  xb.forEach((x, i) => {
    const s = sigmoid(preds[i]), slope = (yb[i] ? -1 : 1)*s*(1 - s)/xb.length
    for (let j = 0; j < weights.length; j++) weights[j] += slope*x[j]
    bias += slope
  })
  return {weights, bias}
}

// New parameters, lr times the gradient further downhill
export const step = ({weights, bias}, grad, lr) => ({
  weights: weights.map((w, i) => w - lr*grad.weights[i]),
  bias: bias - lr*grad.bias,
})
