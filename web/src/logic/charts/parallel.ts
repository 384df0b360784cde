import type { Parameter } from '../../data/api.gen'
import { shortened, type Dimension } from './axis'
import { extent, makeScale, padded, type Range, type Scale } from './scale'
import type { Table } from './table'

export interface ParallelAxis {
  dimension: Dimension
  values: Float64Array
  scale: Scale
}

/** Parameters that every finished trial has; waiting trials have none yet, and don't count. */
export function defaultParams(params: readonly Parameter[]): Set<string> {
  return new Set(params.filter((param) => param.in_all).map((param) => param.name))
}

export function parallelAxes(table: Table, dimensions: readonly Dimension[]): ParallelAxis[] {
  return dimensions.map((dimension) => {
    const values = table.get(dimension.column)
    return { dimension, values, scale: scaleOf(dimension, values) }
  })
}

function scaleOf(dimension: Dimension, values: Float64Array): Scale {
  const { labels, log, integer } = dimension
  if (labels)
    return makeScale(
      'category',
      padded('category', [0, Math.max(0, labels.length - 1)]),
      labels.map((label) => shortened(label, 40)),
    )
  const kind = dimension.time ? 'time' : log ? 'log' : integer ? 'integer' : 'linear'
  const range = extent([values], log)
  return makeScale(kind, range && range[0] < range[1] ? range : padded(kind, range))
}

/** The rows that have a value on every axis. */
export function complete(axes: readonly ParallelAxis[], length: number): number[] {
  return [...Array(length).keys()].filter((i) =>
    axes.every((axis) => Number.isFinite(axis.scale.at(axis.values[i]!))),
  )
}

export type Brushes = Readonly<Record<string, Range>>

/** The rows of these within every brushed stretch of an axis, as places from 0 to 1. */
export function brushed(
  axes: readonly ParallelAxis[],
  rows: readonly number[],
  brushes: Brushes,
): number[] {
  const active = axes.filter((axis) => brushes[axis.dimension.column])
  if (active.length === 0) return []
  return rows.filter((i) =>
    active.every((axis) => {
      const [from, to] = brushes[axis.dimension.column]!
      const place = axis.scale.at(axis.values[i]!)
      return place >= from && place <= to
    }),
  )
}
