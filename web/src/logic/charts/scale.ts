import { categoryTicks, integerTicks, linearTicks, logTicks, timeTicks, type Tick } from './ticks'

export type ScaleKind = 'linear' | 'integer' | 'log' | 'time' | 'category'

/** A line from 0 to 1 for values from min to max; what has no place there is NaN. */
export interface Scale {
  readonly kind: ScaleKind
  readonly min: number
  readonly max: number
  at(value: number): number
  invert(place: number): number
  ticks(count: number): Tick[]
}

export type Range = readonly [number, number]

export function makeScale(
  kind: ScaleKind,
  [min, max]: Range,
  labels: readonly string[] = [],
): Scale {
  if (kind === 'log') return logScale(min, max)
  const size = max - min || 1
  return {
    kind,
    min,
    max,
    at: (value) => (value - min) / size,
    invert: (place) => min + place * size,
    ticks: (count) => ticksOf(kind, min, max, count, labels),
  }
}

function logScale(min: number, max: number): Scale {
  const low = Math.log(min)
  const size = Math.log(max) - low || 1
  return {
    kind: 'log',
    min,
    max,
    at: (value) => (value > 0 ? (Math.log(value) - low) / size : NaN),
    invert: (place) => Math.exp(low + place * size),
    ticks: (count) => logTicks(min, max, count),
  }
}

function ticksOf(
  kind: ScaleKind,
  min: number,
  max: number,
  count: number,
  labels: readonly string[],
): Tick[] {
  if (kind === 'category') return categoryTicks(labels, min, max, count)
  if (kind === 'time') return timeTicks(min, max, count)
  return kind === 'integer' ? integerTicks(min, max, count) : linearTicks(min, max, count)
}

/** The smallest and largest of what can be drawn, or null. */
export function extent(lists: readonly ArrayLike<number>[], positive = false): Range | null {
  let min = Infinity
  let max = -Infinity
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i]!
      if (!Number.isFinite(value) || (positive && value <= 0)) continue
      if (value < min) min = value
      if (value > max) max = value
    }
  }
  return min <= max ? [min, max] : null
}

/** A range with some room around it, so that no mark lies on the edge. */
export function padded(kind: ScaleKind, range: Range | null, room = 0.04): Range {
  if (kind === 'log') {
    const [min, max] = range ?? [1, 10]
    const factor = min === max ? 2 : (max / min) ** room
    return [min / factor, max * factor]
  }
  const [min, max] = range ?? [0, 1]
  if (kind === 'category') return [min - 0.5, max + 0.5]
  const size = max - min || (kind === 'time' ? 60_000 : Math.abs(min) * 0.2 || 1)
  return min === max ? [min - size / 2, max + size / 2] : [min - size * room, max + size * room]
}

/** The same range closer or wider around a place from 0 to 1. */
export function zoomed(scale: Scale, place: number, factor: number): Range {
  return [scale.invert(place - place * factor), scale.invert(place + (1 - place) * factor)]
}

export function moved(scale: Scale, by: number): Range {
  return [scale.invert(by), scale.invert(1 + by)]
}
