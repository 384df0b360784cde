import { formatNumber } from '../format'
import { statusStyle, STATUS_ORDER } from './palette'
import {
  count,
  drawable,
  pick,
  type Axis,
  type Line,
  type MarkStyle,
  type Points,
  type Scene,
} from './scene'
import type { Table } from './table'

export type HistoryX = 'number' | 'start' | 'finish'

/** What the x axis can be, for people. */
export const HISTORY_X: { value: HistoryX; label: string }[] = [
  { value: 'number', label: 'Number' },
  { value: 'start', label: 'Datetime start' },
  { value: 'finish', label: 'Datetime complete' },
]

export interface HistoryOptions {
  /** The column on the y axis, and its name. */
  target: string
  label: string
  x: HistoryX
  log: boolean
  pruned: boolean
  size: number
  /** Of the target, if it is an objective. */
  direction?: 'minimize' | 'maximize' | 'not_set' | undefined
}

const X_AXES: Record<HistoryX, Axis> = {
  number: { label: 'Trial', kind: 'integer' },
  start: { label: 'Started', kind: 'time' },
  finish: { label: 'Finished', kind: 'time' },
}

export const INFEASIBLE: MarkStyle = {
  ink: '--chart-infeasible',
  shape: 'square',
  label: 'Infeasible',
  alpha: 0.7,
}

/** Values of trials in the order of their numbers or times, and the best so far. */
export function historyScene(table: Table, options: HistoryOptions): Scene {
  const x = table.get(options.x)
  const y = table.get(options.target)
  const points = historyPoints(table, x, y, options)
  const line = options.direction ? bestLine(table, points, options) : null
  const layers = line ? [points, line] : [points]
  const lost = y.reduce(
    (n, value) =>
      n + Number(options.log ? value <= 0 : !Number.isFinite(value) && !Number.isNaN(value)),
    0,
  )
  return {
    x: X_AXES[options.x],
    y: { label: options.label, kind: options.log ? 'log' : 'linear' },
    layers,
    notes: [
      ...table.note(),
      ...(lost ? [`${count(lost, 'value')} without a place on this axis.`] : []),
    ],
    summary: summary(points, line, options.label),
  }
}

function historyPoints(
  table: Table,
  x: Float64Array,
  y: Float64Array,
  options: HistoryOptions,
): Points {
  const status = table.status()
  const wanted = drawable(x, y, { y: options.log }).filter(
    (i) => options.pruned || status[i] !== 'PRUNED',
  )
  const statuses = statusStyles(status)
  const infeasible = statuses.length
  const places = new Map(statuses.map((style, i) => [style.status, i]))
  return {
    kind: 'points',
    x: pick(x, wanted),
    y: pick(y, wanted),
    ids: pick(table.get('number'), wanted),
    style: wanted.map((i) => (table.feasible(i) ? places.get(status[i]!)! : infeasible)),
    styles: [
      ...statuses.map(({ ink, shape, word }) => ({ ink, shape, label: word, alpha: 0.75 })),
      INFEASIBLE,
    ],
    size: options.size,
  }
}

/** The looks of the statuses that occur, in a fixed order. */
export function statusStyles(status: readonly string[]) {
  const order = (name: string) => (STATUS_ORDER.indexOf(name) + 99) % 99
  return [...new Set(status)].sort((a, b) => order(a) - order(b)).map(statusStyle)
}

/** The server knows the best of all trials; where it was not asked, it is that of those drawn. */
function bestLine(table: Table, points: Points, options: HistoryOptions): Line {
  const best = table.get(options.target.replace('value:', 'best:'))
  const x = table.get(options.x)
  const feasible = drawable(x, best, { y: options.log })
  feasible.sort((a, b) => x[a]! - x[b]!)
  const sign = options.direction === 'maximize' ? -1 : 1
  const xs: number[] = []
  const ys: number[] = []
  for (const i of feasible) {
    const last = ys.at(-1)
    if (last !== undefined && sign * (best[i]! - last) >= 0) continue
    xs.push(x[i]!)
    ys.push(best[i]!)
  }
  const end = points.x.length ? (points.x as Float64Array).reduce((a, b) => Math.max(a, b)) : NaN
  if (ys.length && end > xs.at(-1)!) {
    xs.push(end)
    ys.push(ys.at(-1)!)
  }
  return {
    kind: 'line',
    x: xs,
    y: ys,
    ink: '--chart-best',
    width: 2,
    step: true,
    label: 'Best so far',
  }
}

function summary(points: Points, line: Line | null, label: string): string {
  const best = line?.y[line.y.length - 1]
  const tail = best === undefined ? '' : `; the best so far is ${formatNumber(best)}`
  return `${label} of ${count(points.ids.length, 'trial')}${tail}.`
}
