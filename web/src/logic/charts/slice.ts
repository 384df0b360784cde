import { axisOf, type Dimension } from './axis'
import { INFEASIBLE } from './history'
import { rampInk, SHADES, shadesOf, type Ramp } from './palette'
import { extent } from './scale'
import {
  count,
  drawable,
  pick,
  type ColourBar,
  type MarkStyle,
  type Points,
  type Scene,
} from './scene'
import type { Table } from './table'

export interface SliceOptions {
  param: Dimension
  target: Dimension
  logY: boolean
  /** A parameter's own scale, or the other one. */
  logX: boolean
  pruned: boolean
  /** The domain over all trials, so that small multiples keep theirs while filters change. */
  size?: number
}

/** A parameter against a target; the colour is the trial's number. */
export function sliceScene(table: Table, options: SliceOptions): Scene {
  const { param, target } = options
  const status = options.pruned ? [] : table.status()
  const x = jittered(table.get(param.column), param.labels)
  const y = table.get(target.column)
  const wanted = drawable(x, y, { x: options.logX, y: options.logY }).filter(
    (i) => status[i] !== 'PRUNED',
  )
  const number = table.trials()
  const points = shaded(table, wanted, x, y, number, 'numbers', options.size ?? 3)
  return {
    x: axisOf(param, options.logX && !param.labels),
    y: axisOf(target, options.logY),
    layers: [points],
    bar: barOf('numbers', 'Trial', number, wanted),
    notes: table.note(),
    summary: `${target.label} by ${param.label} of ${count(wanted.length, 'trial')}.`,
  }
}

export interface RankOptions {
  x: Dimension
  y: Dimension
  objective: number
  label: string
}

/** Two parameters; the colour is the rank of the objective, 0 the best. */
export function rankScene(table: Table, options: RankOptions): Scene {
  const x = jittered(table.get(options.x.column), options.x.labels)
  const y = jittered(table.get(options.y.column), options.y.labels)
  const rank = table.get(`rank:${options.objective}`)
  const log = { x: options.x.log, y: options.y.log }
  const wanted = drawable(x, y, log).filter((i) => Number.isFinite(rank[i]))
  // Good ones are dark and are drawn last, so that bad ones never hide them.
  wanted.sort((a, b) => rank[b]! - rank[a]!)
  return {
    x: axisOf(options.x),
    y: axisOf(options.y),
    layers: [shaded(table, wanted, x, y, rank, 'values', 3.5, [0, 1])],
    bar: {
      ramp: 'values',
      label: `Rank of ${options.label}`,
      low: 0,
      high: 1,
      lowLabel: 'best',
      highLabel: 'worst',
    },
    notes: table.note(),
    summary: `Rank of ${options.label} of ${count(wanted.length, 'trial')} by ${options.x.label} and ${options.y.label}.`,
  }
}

export function shaded(
  table: Table,
  wanted: readonly number[],
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  values: ArrayLike<number>,
  ramp: Ramp,
  size: number,
  range?: readonly [number, number],
): Points {
  const own = pick(values, wanted)
  const [low, high] = range ?? extent([own]) ?? [0, 1]
  const style: ArrayLike<number> = shadesOf(own, low, high).map((s, k) =>
    table.feasible(wanted[k]!) ? s : SHADES,
  )
  return {
    kind: 'points',
    x: pick(x, wanted),
    y: pick(y, wanted),
    ids: pick(table.get('number'), wanted),
    style,
    styles: [...rampStyles(ramp), INFEASIBLE],
    size,
  }
}

export function rampStyles(ramp: Ramp): MarkStyle[] {
  return Array.from({ length: SHADES }, (_, i) => ({
    ink: rampInk(ramp, i / (SHADES - 1)),
    shape: 'circle',
    alpha: 0.85,
  }))
}

export function barOf(
  ramp: Ramp,
  label: string,
  values: ArrayLike<number>,
  wanted: readonly number[],
): ColourBar {
  const [low, high] = extent([pick(values, wanted)]) ?? [0, 0]
  return { ramp, label, low, high }
}

/** Trials with the same choice lie side by side; always at the same place. */
export function jittered(values: Float64Array, labels: readonly string[] | null): Float64Array {
  if (!labels) return values
  return values.map((value, i) => value + (((i * 0.618034) % 1) - 0.5) * 0.5)
}
