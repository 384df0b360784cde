import { formatNumber } from '../format'
import { axisOf, type Dimension } from './axis'
import { category, isWide, rampInk, SHADES, shadesOf } from './palette'
import { extent } from './scale'
import { count, drawable, pick, type ColourBar, type MarkStyle, type Points, type Scene } from './scene'
import { jittered } from './slice'
import { spearman } from './spearman'
import type { Table } from './table'

export interface RunScatterOptions {
  x: Dimension
  y: Dimension
  logX: boolean
  logY: boolean
  colour: Dimension | undefined
  size: Dimension | undefined
  notes: readonly string[]
}

const FEW = 8
const SMALL = 2.5
const LARGE = 9

/** Runs by any two columns; colours and sizes by others. */
export function runScatterScene(table: Table, options: RunScatterOptions): Scene {
  const { x, y, colour, size } = options
  const log = { x: options.logX && !x.labels, y: options.logY && !y.labels }
  const [xs, ys] = [x, y].map((one) => jittered(table.get(one.column), one.labels)) as [Float64Array, Float64Array]
  const wanted = drawable(xs, ys, log)
  const painted = colour ? painting(table, colour, wanted) : PLAIN
  const sizes = size ? { sizes: sizesOf(table.get(size.column), wanted) } : {}
  const points: Points = {
    kind: 'points',
    x: pick(xs, wanted),
    y: pick(ys, wanted),
    ids: pick(table.get('id'), wanted),
    style: painted.style ?? new Uint8Array(wanted.length),
    styles: painted.styles,
    size: 3.5,
    ...sizes,
  }
  const lost = table.length - wanted.length
  return {
    x: axisOf(x, log.x),
    y: axisOf(y, log.y),
    layers: [points],
    ...(painted.bar ? { bar: painted.bar } : {}),
    notes: [
      ...correlation(table, options, wanted),
      ...(size ? [`Larger points have more ${size.label}.`] : []),
      ...(lost ? [`${count(lost, 'run')} without a place on both axes ${lost === 1 ? 'is' : 'are'} left out.`] : []),
      ...options.notes,
    ],
    summary: `${y.label} by ${x.label} of ${count(wanted.length, 'run')}.`,
    noun: 'run',
  }
}

interface Painting {
  style?: ArrayLike<number>
  styles: readonly MarkStyle[]
  bar?: ColourBar
}

const PLAIN: Painting = { styles: [{ ink: '--category-0', shape: 'circle', alpha: 0.7 }] }
const MISSING: MarkStyle = { ink: '--other', shape: 'ring', label: '(none)' }

function painting(table: Table, colour: Dimension, wanted: readonly number[]): Painting {
  const own = pick(table.get(colour.column), wanted)
  if (colour.labels || new Set(own).size <= FEW) return categories(own, colour)
  const [low, high] = extent([own]) ?? [0, 1]
  const log = isWide(low, high)
  const shades = log ? shadesOf(own.map(Math.log), Math.log(low), Math.log(high)) : shadesOf(own, low, high)
  const label = log ? `${colour.label} (log)` : colour.label
  const styles = Array.from({ length: SHADES }, (_, i): MarkStyle => ({
    ink: rampInk('values', i / (SHADES - 1)), shape: 'circle', alpha: 0.85,
  })) // prettier-ignore
  return {
    style: own.map((value, i) => (Number.isFinite(value) ? shades[i]! : SHADES)),
    styles: [...styles, MISSING],
    bar: { ramp: 'values', label, low, high },
  }
}

/** A colour for each value; those that most runs have get one of their own. */
function categories(own: Float64Array, colour: Dimension): Painting {
  const counts = new Map<number, number>()
  for (const value of own) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1)
  const common = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([value]) => value)
  const named = common.slice(0, common.length > FEW ? FEW - 1 : FEW)
  const places = new Map(named.map((value, k) => [value, k]))
  const text = (value: number) => colour.labels?.[value] ?? formatNumber(value)
  const styles = named.map((value, k): MarkStyle => ({
    ink: category(k), shape: 'circle', alpha: 0.75, label: `${colour.label} = ${text(value)}`,
  })) // prettier-ignore
  const others: MarkStyle = { ink: '--other', shape: 'circle', alpha: 0.5, label: 'others' }
  return {
    style: own.map((value) => (Number.isNaN(value) ? named.length + 1 : (places.get(value) ?? named.length))),
    styles: [...styles, others, MISSING],
  }
}

function sizesOf(values: Float64Array, wanted: readonly number[]): Float64Array {
  const own = pick(values, wanted)
  const [low, high] = extent([own]) ?? [0, 1]
  // The area grows with the value, as eyes have it.
  const part = (value: number) => Math.sqrt((value - low) / (high - low || 1))
  return own.map((value) => (Number.isFinite(value) ? SMALL + (LARGE - SMALL) * part(value) : SMALL))
}

function correlation(table: Table, { x, y }: RunScatterOptions, wanted: readonly number[]): string[] {
  if (x.labels || y.labels || wanted.length < 3) return []
  const rho = spearman(pick(table.get(x.column), wanted), pick(table.get(y.column), wanted))
  return Number.isNaN(rho) ? [] : [`Spearman correlation of ${x.label} and ${y.label}: ${formatNumber(rho, 2)}.`]
}
