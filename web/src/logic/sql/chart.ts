import type { SqlColumn } from '../../data/api.gen'
import { category } from '../charts/palette'
import { count, type Axis, type Layer, type Scene } from '../charts/scene'
import { numberOf, timeOf, type Cell, type Grid } from './cells'

export type ChartKind = 'line' | 'scatter' | 'bar'

export interface ChartChoice {
  kind: ChartKind
  /** Places of the columns; `by` tells lines or colours apart, -1 for none. */
  x: number
  y: number
  by: number
}

/** Series and bars that can be told apart. */
export const MOST_SERIES = 20
export const MOST_BARS = 100

/** What a reader probably wants to see first; undefined where nothing can be drawn. */
export function firstChoice(columns: readonly SqlColumn[]): ChartChoice | undefined {
  const numbers = places(columns, 'number')
  const time = places(columns, 'time')[0]
  const text = places(columns, 'text')[0]
  if (!numbers.length || columns.length < 2) return undefined
  if (time !== undefined) return { kind: 'line', x: time, y: numbers.at(-1)!, by: text ?? -1 }
  if (numbers.length > 1) return { kind: 'scatter', x: numbers[0]!, y: numbers.at(-1)!, by: text ?? -1 }
  return text === undefined ? undefined : { kind: 'bar', x: text, y: numbers[0]!, by: -1 }
}

/** The chart of a result; null where there is nothing to draw. */
export function resultScene(grid: Grid, choice: ChartChoice): Scene | null {
  const { columns, rows } = grid
  const [x, y] = [columns[choice.x], columns[choice.y]]
  if (!x || !y || y.kind === 'text') return null
  const scene = choice.kind === 'bar' ? barScene(rows, x, y, choice) : seriesScene(rows, x, y, choice)
  return scene.layers.length ? scene : null
}

function seriesScene(rows: Cell[][], x: SqlColumn, y: SqlColumn, choice: ChartChoice): Scene {
  const { axis, values: xs } = axisOf(x, rows.map((row) => row[choice.x]))
  const { axis: yAxis, values: ys } = axisOf(y, rows.map((row) => row[choice.y]))
  const groups = new Map<string, number[]>()
  rows.forEach((row, i) => {
    if (!Number.isFinite(xs[i]) || !Number.isFinite(ys[i])) return
    const name = choice.by < 0 ? '' : String(row[choice.by] ?? 'NULL')
    groups.set(name, [...(groups.get(name) ?? []), i])
  })
  const shown = [...groups].slice(0, MOST_SERIES)
  const drawn = shown.reduce((sum, [, members]) => sum + members.length, 0)
  const layers = shown.map(([name, members], i): Layer => {
    const order = choice.kind === 'line' ? [...members].sort((a, b) => xs[a]! - xs[b]!) : members
    const [px, py] = [order.map((k) => xs[k]!), order.map((k) => ys[k]!)]
    const label = choice.by < 0 ? {} : { label: name }
    if (choice.kind === 'line') return { kind: 'line', x: px, y: py, ink: category(i), width: 1.8, group: i, ...label }
    return {
      kind: 'points',
      x: px,
      y: py,
      ids: px.map(() => NaN),
      style: px.map(() => 0),
      styles: [{ ink: category(i), shape: 'circle', alpha: 0.8, ...label }],
      size: 3.5,
      group: i,
    }
  })
  const notes = groups.size > MOST_SERIES ? [`The first ${MOST_SERIES} of ${groups.size} groups are drawn.`] : []
  return {
    x: axis,
    y: yAxis,
    layers,
    notes,
    summary: `${y.name} by ${x.name} of ${count(drawn, 'row')}.`,
    noun: 'row',
  }
}

function barScene(rows: Cell[][], x: SqlColumn, y: SqlColumn, choice: ChartChoice): Scene {
  const values = rows.map((row) => numberOf(row[choice.y]))
  const wanted = [...values.keys()].filter((i) => Number.isFinite(values[i]))
  // Lanes are counted from below, and the first bar is on top.
  const shown = wanted.slice(0, MOST_BARS).reverse()
  const labels = shown.map((i) => String(rows[i]![choice.x] ?? 'NULL'))
  const to = shown.map((i) => values[i]!)
  const notes = wanted.length > shown.length ? [`The first ${MOST_BARS} of ${wanted.length} rows are drawn.`] : []
  const layers: Layer[] = shown.length
    ? [
        {
          kind: 'bars',
          from: to.map(() => 0),
          to,
          lane: shown.map((_, i) => i),
          ids: to.map(() => NaN),
          style: to.map(() => 0),
          styles: [{ ink: category(0), shape: 'square' }],
        },
      ]
    : []
  return {
    x: { label: y.name, kind: 'linear' },
    y: { label: x.name, kind: 'category', labels },
    layers,
    notes,
    summary: `${y.name} of ${count(shown.length, 'row')} by ${x.name}.`,
    noun: 'row',
  }
}

function axisOf(column: SqlColumn, cells: (Cell | undefined)[]): { axis: Axis; values: number[] } {
  const label = column.name
  if (column.kind === 'number') return { axis: { label, kind: 'linear' }, values: cells.map(numberOf) }
  if (column.kind === 'time') return { axis: { label, kind: 'time' }, values: cells.map(timeOf) }
  const labels = [...new Set(cells.map((cell) => String(cell ?? 'NULL')))]
  const places = new Map(labels.map((text, i) => [text, i]))
  return {
    axis: { label, kind: 'category', labels, range: [0, Math.max(0, labels.length - 1)] },
    values: cells.map((cell) => places.get(String(cell ?? 'NULL'))!),
  }
}

function places(columns: readonly SqlColumn[], kind: SqlColumn['kind']): number[] {
  return [...columns.keys()].filter((i) => columns[i]!.kind === kind)
}
