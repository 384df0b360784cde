import type { Contour } from '../../data/api.gen'
import { axisOf, type Dimension } from './axis'
import { extent } from './scale'
import { count, drawable, pick, type Points, type Scene } from './scene'
import { jittered } from './slice'
import type { Table } from './table'

/** The server's grid of values as a heat map, and the trials that it comes from. */
export function contourScene(
  contour: Contour,
  table: Table | null,
  x: Dimension,
  y: Dimension,
  label: string,
): Scene {
  const all = contour.z.map((row) => row.map((z) => z ?? NaN))
  const [low, high] = extent(all) ?? [0, 1]
  const points = table ? [trialPoints(table, x, y)] : []
  return {
    x: {
      ...axisOf({ ...x, labels: contour.x_labels ?? x.labels }, contour.x_log),
      ...edges(contour.x, contour.x_log),
    },
    y: {
      ...axisOf({ ...y, labels: contour.y_labels ?? y.labels }, contour.y_log),
      ...edges(contour.y, contour.y_log),
    },
    layers: [{ kind: 'heat', ramp: 'values', x: contour.x, y: contour.y, z: contour.z, low, high }, ...points],
    bar: { ramp: 'values', label, low, high },
    notes: table?.note() ?? [],
    summary: `${label} over ${x.label} and ${y.label}${points[0] ? ` of ${count(points[0].ids.length, 'trial')}` : ''}.`,
  }
}

function edges(values: readonly number[], log: boolean): { range?: [number, number] } {
  const range = extent([values], log)
  return range ? { range: [range[0], range[1]] } : {}
}

function trialPoints(table: Table, x: Dimension, y: Dimension): Points {
  const xs = jittered(table.get(x.column), x.labels)
  const ys = jittered(table.get(y.column), y.labels)
  const wanted = drawable(xs, ys, { x: x.log, y: y.log })
  return {
    kind: 'points',
    x: pick(xs, wanted),
    y: pick(ys, wanted),
    ids: pick(table.get('number'), wanted),
    style: new Uint8Array(wanted.length),
    styles: [{ ink: '--chart-on-heat', shape: 'circle', alpha: wanted.length > 500 ? 0.35 : 0.7 }],
    size: wanted.length > 500 ? 1.5 : 2.5,
  }
}

/** The edges of a grid's cells, half way between their middles; what is log stays log. */
export function cellEdges(middles: readonly number[], log: boolean): number[] {
  const m = log ? middles.map(Math.log) : [...middles]
  if (m.length === 1) return [m[0]! - 0.5, m[0]! + 0.5].map((v) => (log ? Math.exp(v) : v))
  const between = m.slice(1).map((v, i) => (v + m[i]!) / 2)
  const first = 2 * m[0]! - between[0]!
  const last = 2 * m.at(-1)! - between.at(-1)!
  return [first, ...between, last].map((v) => (log ? Math.exp(v) : v))
}
