import { rampInk, SHADES } from '../logic/charts/palette'
import type { Brushes, ParallelAxis } from '../logic/charts/parallel'
import { shortened } from '../logic/charts/axis'
import { SMALL } from './drawAxes'
import { FONT, type Paint, type Pen } from './pen'

export interface ParallelScene {
  axes: readonly ParallelAxis[]
  rows: readonly number[]
  /** A place in the shades for each row of the table. */
  shades: ArrayLike<number>
}

export const TOP = 34
export const BOTTOM = 14
const SIDE = 56
const END = 110

export function axisX(k: number, n: number, width: number): number {
  return n === 1 ? width / 2 : SIDE + (k * (width - SIDE - END)) / (n - 1)
}

export function axisY(place: number, height: number): number {
  return height - BOTTOM - place * (height - TOP - BOTTOM)
}

export function drawParallel(
  pen: Pen,
  scene: ParallelScene,
  active: ReadonlySet<number> | null,
  brushes: Brushes,
  width: number,
  height: number,
  paint: Paint,
): void {
  const { axes, rows } = scene
  const loud = active ? rows.filter((i) => active.has(i)) : rows
  if (active) {
    const quiet = rows.filter((i) => !active.has(i))
    drawLines(pen, scene, quiet, () => paint('--border'), 0.35, width, height)
  }
  const alpha = Math.max(0.25, Math.min(0.8, 120 / Math.max(1, loud.length)))
  drawLines(
    pen,
    scene,
    loud,
    (s) => paint(rampInk('values', s / (SHADES - 1))),
    alpha,
    width,
    height,
  )
  axes.forEach((axis, k) =>
    drawAxis(
      pen,
      axis,
      axisX(k, axes.length, width),
      room(k, axes.length, width),
      room(0, axes.length, width),
      height,
      paint,
    ),
  )
  axes.forEach((axis, k) =>
    drawBrush(pen, brushes[axis.dimension.column], axisX(k, axes.length, width), height, paint),
  )
}

function room(k: number, n: number, width: number): number {
  if (n === 1) return width / 2
  return k === n - 1 ? END : (width - SIDE - END) / (n - 1)
}

function drawLines(
  pen: Pen,
  { axes, shades }: ParallelScene,
  rows: readonly number[],
  colour: (shade: number) => string,
  alpha: number,
  width: number,
  height: number,
): void {
  const buckets = new Map<number, number[]>()
  for (const row of rows) {
    const bucket = buckets.get(shades[row]!)
    if (bucket) bucket.push(row)
    else buckets.set(shades[row]!, [row])
  }
  pen.lineWidth = 1
  pen.globalAlpha = alpha
  // Bad ones first: the best lie on top.
  for (const [s, bucket] of [...buckets].sort((a, b) => b[0] - a[0])) {
    pen.strokeStyle = colour(s)
    pen.beginPath()
    for (const row of bucket) {
      axes.forEach((axis, k) => {
        const [x, y] = [
          axisX(k, axes.length, width),
          axisY(axis.scale.at(axis.values[row]!), height),
        ]
        if (k === 0) pen.moveTo(x, y)
        else pen.lineTo(x, y)
      })
    }
    pen.stroke()
  }
  pen.globalAlpha = 1
}

function drawAxis(
  pen: Pen,
  axis: ParallelAxis,
  x: number,
  space: number,
  titleSpace: number,
  height: number,
  paint: Paint,
): void {
  pen.strokeStyle = paint('--border-strong')
  pen.lineWidth = 1
  pen.beginPath()
  pen.moveTo(x, TOP)
  pen.lineTo(x, height - BOTTOM)
  pen.stroke()
  pen.textAlign = 'center'
  pen.textBaseline = 'top'
  pen.fillStyle = paint('--text')
  pen.font = `12px ${FONT}`
  const { label, log } = axis.dimension
  pen.fillText(
    shortened(log ? `${label} (log)` : label, Math.min(40, Math.max(5, titleSpace / 7))),
    x,
    4,
  )
  pen.font = SMALL
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  for (const tick of axis.scale.ticks(
    (height - TOP - BOTTOM) / (axis.dimension.labels ? 16 : 44),
  )) {
    const [text, y] = [
      shortened(tick.label, Math.min(40, Math.max(3, (space - 10) / 6.2))),
      axisY(axis.scale.at(tick.value), height),
    ]
    // A little ground under the text, so that lines don't strike it through.
    pen.globalAlpha = 0.75
    pen.fillStyle = paint('--surface')
    pen.fillRect(x + 4, y - 7, pen.measureText(text).width + 4, 14)
    pen.globalAlpha = 1
    pen.fillStyle = paint('--muted')
    pen.fillRect(x - 3, y - 0.5, 6, 1)
    pen.fillText(text, x + 6, y)
  }
}

function drawBrush(
  pen: Pen,
  brush: readonly [number, number] | undefined,
  x: number,
  height: number,
  paint: Paint,
): void {
  if (!brush) return
  const [from, to] = [axisY(brush[1], height), axisY(brush[0], height)]
  pen.fillStyle = paint('--accent')
  pen.globalAlpha = 0.45
  pen.fillRect(x - 6, from, 12, Math.max(2, to - from))
  pen.globalAlpha = 1
}
