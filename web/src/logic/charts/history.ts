import { formatNumber } from '../format'
import { category, statusStyle, STATUS_ORDER, type Ink } from './palette'
import {
  count,
  drawable,
  pick,
  type Axis,
  type Line,
  type MarkStyle,
  type Points,
  type Scene,
  type Whiskers,
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
  /** The column of the target's standard errors. */
  errors?: string | undefined
  /** The column of labels by which points are coloured, instead of by status. */
  colour?: string | undefined
  /** What all others are compared with, as a line. */
  reference?: Reference | undefined
}

export interface Reference {
  label: string
  x: readonly number[]
  y: readonly number[]
}

/** Between so many standard errors below and above a mean is the true one in 19 of 20 cases. */
const SURE = 1.96

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
  const x = xOf(table, options.x)
  const y = table.get(options.target)
  const points = historyPoints(table, x, y, options)
  const line = options.direction ? bestLine(table, points, x, options) : null
  const layers = [
    points,
    ...whiskersOf(table, points, options),
    ...referenceLine(points, options.reference),
    ...(line ? [line] : []),
  ]
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

/** Arms of the same trial lie side by side, in this much of the room between two trials. */
const SPREAD = 0.6

function xOf(table: Table, x: HistoryX): Float64Array {
  if (x !== 'number') return table.get(x)
  const trials = table.trials()
  const counts = new Map<number, number>()
  const places = trials.map((trial) => {
    const place = counts.get(trial) ?? 0
    counts.set(trial, place + 1)
    return place
  })
  return trials.map((trial, i) => {
    const last = counts.get(trial)! - 1
    return last ? trial + SPREAD * (places[i]! / last - 0.5) : trial
  })
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
  const groups = groupsOf(table, options.colour)
  const infeasible = statuses.length * groups.inks.length
  const places = new Map(statuses.map((style, i) => [style.status, i]))
  const styleOf = (i: number) => places.get(status[i]!)! * groups.inks.length + groups.of(i)
  return {
    kind: 'points',
    x: pick(x, wanted),
    y: pick(y, wanted),
    ids: pick(table.get('number'), wanted),
    style: wanted.map((i) => (table.feasible(i) ? styleOf(i) : infeasible)),
    styles: [
      ...statuses.flatMap(({ ink, shape, word }) =>
        groups.inks.map((own) => ({
          ink: own?.ink ?? ink,
          shape,
          label: own?.label ?? word,
          alpha: 0.75,
        })),
      ),
      INFEASIBLE,
    ],
    size: options.size,
  }
}

interface Groups {
  /** Undefined: a point has the colour of its status. */
  inks: ({ ink: Ink; label: string } | undefined)[]
  of(i: number): number
}

/** The colours of a column's labels in the order in which trials had them; shapes tell the status. */
function groupsOf(table: Table, column: string | undefined): Groups {
  const labels = column === undefined ? null : table.labels(column)
  if (!labels) return { inks: [undefined], of: () => 0 }
  const values = table.get(column!)
  const order = [...new Set(values)].filter((place) => !Number.isNaN(place))
  const places = new Map(order.map((place, k) => [place, k]))
  const inks = order.map((place, k) => ({ ink: category(k), label: labels[place]! }))
  return {
    inks: [...inks, { ink: '--other', label: 'None' }],
    of: (i) => places.get(values[i]!) ?? order.length,
  }
}

function whiskersOf(table: Table, points: Points, { errors }: HistoryOptions): Whiskers[] {
  if (errors === undefined || !table.has(errors)) return []
  const numbers = table.get('number')
  const sems = table.get(errors)
  const byNumber = new Map(Array.from(numbers, (number, i) => [number, sems[i]!]))
  const half = Array.from(points.ids, (id) => SURE * (byNumber.get(id) ?? NaN))
  const known = [...half.keys()].filter((i) => Number.isFinite(half[i]))
  if (known.length === 0) return []
  return [
    {
      kind: 'whiskers',
      x: pick(points.x, known),
      low: known.map((i) => points.y[i]! - half[i]!),
      high: known.map((i) => points.y[i]! + half[i]!),
      ids: pick(points.ids, known),
      ink: '--muted',
      label: '±1.96 standard errors',
    },
  ]
}

/** From the first to the last point; where it was tried several times, it changes there. */
function referenceLine(points: Points, reference: Reference | undefined): Line[] {
  if (!reference?.x.length) return []
  const xs = [...(points.x as Float64Array), ...reference.x]
  const ends = [Math.min, Math.max].map((end) => xs.reduce((a, b) => end(a, b)))
  return [
    {
      kind: 'line',
      x: [ends[0]!, ...reference.x, ends[1]!],
      y: [reference.y[0]!, ...reference.y, reference.y.at(-1)!],
      ink: '--text',
      width: 1.5,
      dash: [6, 4],
      alpha: 0.8,
      step: true,
      label: reference.label,
    },
  ]
}

/** The looks of the statuses that occur, in a fixed order. */
export function statusStyles(status: readonly string[]) {
  const order = (name: string) => (STATUS_ORDER.indexOf(name) + 99) % 99
  return [...new Set(status)].sort((a, b) => order(a) - order(b)).map(statusStyle)
}

/** The server knows the best of all trials; where it was not asked, it is that of those drawn. */
function bestLine(
  table: Table,
  points: Points,
  x: Float64Array,
  options: HistoryOptions,
): Line {
  const best = table.get(options.target.replace('value:', 'best:'))
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
