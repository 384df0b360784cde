import { rampInk, type Shape } from '../logic/charts/palette'
import { cellEdges } from '../logic/charts/contour'
import type { Band, Bars, Heat, Layer, Line, Points, Whiskers } from '../logic/charts/scene'
import { drawAxes, drawColourBar } from './drawAxes'
import type { Layout } from './layout'
import type { Paint, Pen } from './pen'

export interface Emphasis {
  selected: ReadonlySet<number>
}

/** Draw a scene; with selected trials the others step back. */
export function drawScene(pen: Pen, layout: Layout, paint: Paint, emphasis: Emphasis): void {
  drawAxes(pen, layout, paint)
  pen.save()
  const { box } = layout
  pen.beginPath()
  pen.rect(box.left, box.top, box.right - box.left, box.bottom - box.top)
  pen.clip()
  const { layers } = layout.scene
  const isBehind = (layer: Layer) => layer.kind === 'whiskers' || layer.kind === 'band'
  for (const layer of [...layers.filter(isBehind), ...layers.filter((each) => !isBehind(each))])
    drawLayer(pen, layer, layout, paint, emphasis)
  pen.restore()
  if (layout.scene.bar) drawColourBar(pen, layout, paint)
}

function drawLayer(
  pen: Pen,
  layer: Layer,
  layout: Layout,
  paint: Paint,
  { selected }: Emphasis,
): void {
  if (layer.kind === 'heat') return drawHeat(pen, layer, layout, paint)
  if (layer.kind === 'band') return drawBand(pen, layer, layout, paint)
  if (layer.kind === 'whiskers') return drawWhiskers(pen, layer, layout, paint, selected)
  if (layer.kind === 'line') return drawLine(pen, layer, layout, paint, selected)
  if (layer.kind === 'bars') return drawBars(pen, layer, layout, paint, selected)
  if (selected.size === 0) return drawPoints(pen, layer, layout, paint, () => true, 1)
  drawPoints(pen, layer, layout, paint, (id) => !selected.has(id), 0.18)
  drawPoints(pen, layer, layout, paint, (id) => selected.has(id), 1)
}

function drawPoints(
  pen: Pen,
  layer: Points,
  layout: Layout,
  paint: Paint,
  wanted: (id: number) => boolean,
  alpha: number,
): void {
  const byStyle: number[][] = layer.styles.map(() => [])
  for (let i = 0; i < layer.ids.length; i++)
    if (wanted(layer.ids[i]!)) byStyle[layer.style[i]!]?.push(i)
  layer.styles.forEach((style, s) => {
    if (byStyle[s]!.length === 0) return
    pen.globalAlpha = (style.alpha ?? 1) * alpha
    pen.beginPath()
    for (const i of byStyle[s]!)
      trace(pen, style.shape, layout.px(layer.x[i]!), layout.py(layer.y[i]!), layer.sizes?.[i] ?? layer.size)
    paintShape(pen, style.shape, paint(style.ink))
  })
  pen.globalAlpha = 1
}

export function paintShape(pen: Pen, shape: Shape, colour: string): void {
  if (shape === 'ring' || shape === 'cross') {
    pen.strokeStyle = colour
    pen.lineWidth = 1.5
    pen.stroke()
  } else {
    pen.fillStyle = colour
    pen.fill()
  }
}

export function trace(pen: Pen, shape: Shape, x: number, y: number, r: number): void {
  if (shape === 'circle' || shape === 'ring') {
    pen.moveTo(x + r, y)
    pen.arc(x, y, r, 0, 2 * Math.PI)
  } else if (shape === 'square') pen.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r)
  else if (shape === 'cross') {
    pen.moveTo(x - r, y - r)
    pen.lineTo(x + r, y + r)
    pen.moveTo(x - r, y + r)
    pen.lineTo(x + r, y - r)
  } else if (shape === 'diamond')
    polygon(pen, [
      [x, y - 1.3 * r],
      [x + 1.3 * r, y],
      [x, y + 1.3 * r],
      [x - 1.3 * r, y],
    ])
  else
    polygon(pen, [
      [x, y - 1.25 * r],
      [x + 1.2 * r, y + r],
      [x - 1.2 * r, y + r],
    ])
}

function polygon(pen: Pen, corners: readonly (readonly [number, number])[]): void {
  corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
  pen.closePath()
}

function drawLine(
  pen: Pen,
  layer: Line,
  layout: Layout,
  paint: Paint,
  selected: ReadonlySet<number>,
): void {
  const quiet = layer.id !== undefined && selected.size > 0 && !selected.has(layer.id)
  pen.globalAlpha = (layer.alpha ?? 1) * (quiet ? 0.25 : 1)
  pen.strokeStyle = paint(layer.ink)
  pen.lineWidth = layer.width
  pen.lineJoin = 'round'
  pen.setLineDash([...(layer.dash ?? [])])
  pen.beginPath()
  let before: number | null = null
  for (let i = 0; i < layer.x.length; i++) {
    const [x, y] = [layout.px(layer.x[i]!), layout.py(layer.y[i]!)]
    if (!Number.isFinite(x) || !Number.isFinite(y)) before = null
    else {
      if (before === null) pen.moveTo(x, y)
      else {
        if (layer.step) pen.lineTo(x, before)
        pen.lineTo(x, y)
      }
      before = y
    }
  }
  pen.stroke()
  if (layer.x.length === 1 && before !== null) {
    pen.beginPath()
    pen.arc(layout.px(layer.x[0]!), before, 2.5, 0, 2 * Math.PI)
    pen.fillStyle = paint(layer.ink)
    pen.fill()
  }
  pen.setLineDash([])
  pen.globalAlpha = 1
}

function drawBand(pen: Pen, layer: Band, layout: Layout, paint: Paint): void {
  const bottom = (value: number) => (Number.isFinite(value) ? value : layout.box.bottom)
  pen.globalAlpha = 0.16
  pen.fillStyle = paint(layer.ink)
  pen.beginPath()
  const last = layer.x.length - 1
  for (let i = 0; i <= last; i++) {
    const [x, y] = [layout.px(layer.x[i]!), bottom(layout.py(layer.high[i]!))]
    if (i === 0) pen.moveTo(x, y)
    else pen.lineTo(x, y)
  }
  for (let i = last; i >= 0; i--)
    pen.lineTo(layout.px(layer.x[i]!), bottom(layout.py(layer.low[i]!)))
  pen.closePath()
  pen.fill()
  pen.globalAlpha = 1
}

const MANY = 200

/** Of many they are faint; those of selected trials are not. */
function drawWhiskers(
  pen: Pen,
  layer: Whiskers,
  layout: Layout,
  paint: Paint,
  selected: ReadonlySet<number>,
): void {
  const usual = layer.ids.length > MANY ? 0.25 : 0.5
  for (const isLoud of selected.size ? [false, true] : [false]) {
    pen.globalAlpha = isLoud ? 1 : selected.size ? 0.12 : usual
    pen.strokeStyle = paint(layer.ink)
    pen.lineWidth = isLoud ? 1.5 : 1
    pen.beginPath()
    for (let i = 0; i < layer.ids.length; i++) {
      if (selected.has(layer.ids[i]!) !== isLoud) continue
      const [x, top] = [layout.px(layer.x[i]!), layout.py(layer.high[i]!)]
      const low = layout.py(layer.low[i]!)
      const bottom = Number.isFinite(low) ? low : layout.box.bottom // below what a log axis has
      pen.moveTo(x, top)
      pen.lineTo(x, bottom)
      for (const end of [top, bottom]) {
        pen.moveTo(x - 3, end)
        pen.lineTo(x + 3, end)
      }
    }
    pen.stroke()
  }
  pen.globalAlpha = 1
}

function drawBars(
  pen: Pen,
  layer: Bars,
  layout: Layout,
  paint: Paint,
  selected: ReadonlySet<number>,
): void {
  const height = Math.min(22, Math.max(1, Math.abs(layout.py(1) - layout.py(0)) * 0.8))
  for (let i = 0; i < layer.ids.length; i++) {
    const [from, to] = [layout.px(layer.from[i]!), layout.px(layer.to[i]!)]
    if (to < layout.box.left || from > layout.box.right) continue
    pen.globalAlpha = selected.size > 0 && !selected.has(layer.ids[i]!) ? 0.25 : 0.9
    pen.fillStyle = paint(layer.styles[layer.style[i]!]!.ink)
    pen.fillRect(from, layout.py(layer.lane[i]!) - height / 2, Math.max(1.5, to - from), height)
  }
  pen.globalAlpha = 1
}

function drawHeat(pen: Pen, layer: Heat, layout: Layout, paint: Paint): void {
  const xs = cellEdges(layer.x, layout.x.kind === 'log').map(layout.px)
  const ys = cellEdges(layer.y, layout.y.kind === 'log').map(layout.py)
  const size = layer.high - layer.low || 1
  layer.z.forEach((row, j) =>
    row.forEach((z, i) => {
      if (z === null) return
      pen.fillStyle = paint(rampInk(layer.ramp, (z - layer.low) / size))
      // Half a pixel over the edge: no seams between cells.
      pen.fillRect(xs[i]!, ys[j + 1]!, xs[i + 1]! - xs[i]! + 0.5, ys[j]! - ys[j + 1]! + 0.5)
    }),
  )
}
