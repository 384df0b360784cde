/** How well the order of one list is that of the other, from -1 to 1; NaN where that has no meaning. */
export function spearman(xs: ArrayLike<number>, ys: ArrayLike<number>): number {
  const both = Array.from(xs, (x, i): [number, number] => [x, ys[i]!]).filter(
    ([x, y]) => !Number.isNaN(x) && !Number.isNaN(y),
  )
  return pearson(ranks(both.map(([x]) => x)), ranks(both.map(([, y]) => y)))
}

/** Places in the order from the least; of equal values their mean place. */
export function ranks(values: readonly number[]): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!)
  const found = new Float64Array(values.length)
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++
    for (let k = from; k < to; k++) found[order[k]!] = (from + to - 1) / 2
  }
  return found
}

function pearson(xs: Float64Array, ys: Float64Array): number {
  const mean = (list: Float64Array) => list.reduce((sum, value) => sum + value, 0) / list.length
  const [mx, my] = [mean(xs), mean(ys)]
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < xs.length; i++) {
    const [dx, dy] = [xs[i]! - mx, ys[i]! - my]
    xy += dx * dy
    xx += dx * dx
    yy += dy * dy
  }
  return xy / Math.sqrt(xx * yy)
}
