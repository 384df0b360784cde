import { INFEASIBLE } from './history'
import { SHADES, shadesOf } from './palette'
import { extent } from './scale'
import { count, drawable, pick, type Line, type MarkStyle, type Points, type Scene } from './scene'
import { barOf, rampStyles } from './slice'
import type { Table } from './table'

export interface ParetoOptions {
  x: number
  y: number
  names: readonly string[]
  directions: readonly string[]
  logX: boolean
  logY: boolean
  /** A point that every trial of the front should be better than. */
  reference: readonly [number, number] | null
}

const BEST: MarkStyle = { ink: '--chart-best', shape: 'diamond', label: 'Not dominated' }

/** Two objectives of finished trials: grey is infeasible, blue dominated, red the front. */
export function paretoScene(table: Table, options: ParetoOptions): Scene {
  const x = table.get(`value:${options.x}`)
  const y = table.get(`value:${options.y}`)
  const front = table.get('front')
  const number = table.get('number')
  const trials = table.trials()
  const wanted = drawable(x, y, { x: options.logX, y: options.logY })
  const rank = (i: number) => (table.feasible(i) ? (front[i] === 1 ? 2 : 1) : 0)
  wanted.sort((a, b) => rank(a) - rank(b))
  const own = pick(trials, wanted)
  const [low, high] = extent([own]) ?? [0, 1]
  const shades = shadesOf(own, low, high)
  const points: Points = {
    kind: 'points',
    x: pick(x, wanted),
    y: pick(y, wanted),
    ids: pick(number, wanted),
    style: wanted.map((i, k) => [SHADES, shades[k]!, SHADES + 1][rank(i)]!),
    styles: [...rampStyles('numbers'), INFEASIBLE, BEST],
    size: 3.5,
  }
  const best = wanted.filter((i) => rank(i) === 2)
  const { reference } = options
  const flat = options.directions.length === 2
  return {
    x: { label: options.names[options.x]!, kind: options.logX ? 'log' : 'linear' },
    y: { label: options.names[options.y]!, kind: options.logY ? 'log' : 'linear' },
    layers: [
      points,
      ...(flat ? [frontLine(best, x, y, options)] : []),
      ...(reference ? [referencePoint(reference)] : []),
    ],
    bar: barOf('numbers', 'Trial', trials, wanted),
    notes: [
      ...table.note(),
      ...(reference && flat ? [hypervolumeNote(best, x, y, options, reference)] : []),
    ],
    summary: `${options.names[options.x]} and ${options.names[options.y]} of ${count(wanted.length, 'trial')}, ${best.length.toLocaleString('en')} of them not dominated.`,
  }
}

function frontLine(
  best: readonly number[],
  x: Float64Array,
  y: Float64Array,
  options: ParetoOptions,
): Line {
  const order = [...best].sort((a, b) => x[a]! - x[b]!)
  const step = options.directions[options.x] !== 'maximize'
  const [xs, ys]: [number[], number[]] = [[], []]
  order.forEach((i, k) => {
    const before = order[k - 1]
    // The corner between two points is the worse of both in each objective.
    if (before !== undefined) {
      xs.push(step ? x[i]! : x[before]!)
      ys.push(step ? y[before]! : y[i]!)
    }
    xs.push(x[i]!)
    ys.push(y[i]!)
  })
  return { kind: 'line', x: xs, y: ys, ink: '--chart-best', width: 1, alpha: 0.6 }
}

function referencePoint([x, y]: readonly [number, number]): Points {
  const styles: MarkStyle[] = [{ ink: '--text', shape: 'cross', label: 'Reference point' }]
  return { kind: 'points', x: [x], y: [y], ids: [NaN], style: [0], styles, size: 5 }
}

function hypervolumeNote(
  best: readonly number[],
  x: Float64Array,
  y: Float64Array,
  options: ParetoOptions,
  reference: readonly [number, number],
): string {
  const sign = [options.x, options.y].map((k) => (options.directions[k] === 'maximize' ? -1 : 1))
  const points = best.map((i): [number, number] => [sign[0]! * x[i]!, sign[1]! * y[i]!])
  const area = hypervolume(points, [sign[0]! * reference[0], sign[1]! * reference[1]])
  return `Hypervolume to the reference point: ${Number(area.toPrecision(4))}.`
}

/** The area between points and a reference point, both objectives minimized. */
export function hypervolume(
  points: readonly (readonly [number, number])[],
  [rx, ry]: readonly [number, number],
): number {
  const inside = points
    .filter(([x, y]) => x < rx && y < ry)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let [area, lowest] = [0, ry]
  for (const [x, y] of inside) {
    if (y >= lowest) continue
    area += (rx - x) * (lowest - y)
    lowest = y
  }
  return area
}
