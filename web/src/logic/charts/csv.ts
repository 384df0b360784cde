import { formatTime } from '../format'
import type { Axis, Layer, Scene } from './scene'

type Cell = string | number

/** Text of a CSV file; what a spreadsheet would take for a formula begins with a quote. */
export function toCsv(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

function cell(value: Cell): string {
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** What a chart shows, one line a mark. */
export function sceneCsv(scene: Scene): string {
  const noun = scene.noun ?? 'trial'
  const head = ['series', noun, scene.x.label, scene.y.label]
  const heat = scene.layers.some((layer) => layer.kind === 'heat')
  const bars = scene.layers.some((layer) => layer.kind === 'bars')
  if (heat) head.push(scene.bar?.label ?? 'value')
  if (bars) head.splice(2, 2, `${noun} lane`, 'from', 'to')
  return toCsv(
    head,
    scene.layers.flatMap((layer) => rows(layer, scene)),
  )
}

function rows(layer: Layer, { x, y }: Scene): Cell[][] {
  if (layer.kind === 'points')
    return Array.from(layer.ids, (id, i) => [
      name(layer, i),
      id,
      text(x, layer.x[i]!),
      text(y, layer.y[i]!),
    ])
  if (layer.kind === 'whiskers') return []
  if (layer.kind === 'band')
    return Array.from(layer.x, (value, i) => [
      layer.label,
      'low to high',
      text(x, value),
      text(y, layer.low[i]!),
      text(y, layer.high[i]!),
    ])
  if (layer.kind === 'line')
    return Array.from(layer.x, (value, i) => [
      layer.label ?? '',
      layer.id ?? '',
      text(x, value),
      text(y, layer.y[i]!),
    ])
  if (layer.kind === 'bars')
    return Array.from(layer.ids, (id, i) => [
      layer.styles[layer.style[i]!]?.label ?? '',
      id,
      text(y, layer.lane[i]!),
      text(x, layer.from[i]!),
      text(x, layer.to[i]!),
    ])
  return layer.z.flatMap((line, j) =>
    line.map((z, i): Cell[] => ['grid', '', text(x, layer.x[i]!), text(y, layer.y[j]!), z ?? NaN]),
  )
}

function name(layer: Extract<Layer, { kind: 'points' }>, i: number): string {
  return layer.of ?? layer.styles[layer.style[i]!]?.label ?? ''
}

function text(axis: Axis, value: number): Cell {
  if (axis.kind === 'time') return iso(value)
  if (axis.kind !== 'category') return value
  return axis.labels?.[Math.round(value)] ?? value
}

function iso(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : formatTime(NaN)
}
