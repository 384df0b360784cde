import { shortened } from '../logic/charts/axis'
import { rampInk } from '../logic/charts/palette'
import type { Tick } from '../logic/charts/ticks'
import { plain } from '../logic/charts/ticks'
import type { Layout } from './layout'
import { FONT, type Paint, type Pen } from './pen'

export const SMALL = `11px ${FONT}`
const LABEL = `12px ${FONT}`

export function drawAxes(pen: Pen, layout: Layout, paint: Paint): void {
  const { box, scene } = layout
  pen.font = SMALL
  pen.lineWidth = 1
  pen.strokeStyle = paint('--grid')
  pen.fillStyle = paint('--muted')
  drawXTicks(pen, layout)
  drawYTicks(pen, layout)
  pen.font = LABEL
  pen.fillStyle = paint('--text')
  pen.textAlign = 'center'
  pen.textBaseline = 'bottom'
  pen.fillText(
    shortened(titleOf(scene.x), Math.max(12, (box.right - box.left) / 7)),
    (box.left + box.right) / 2,
    layout.height - 4,
  )
  pen.save()
  pen.translate(13, (box.top + box.bottom) / 2)
  pen.rotate(-Math.PI / 2)
  pen.textBaseline = 'middle'
  pen.fillText(shortened(titleOf(scene.y), Math.max(12, (box.bottom - box.top) / 7)), 0, 0)
  pen.restore()
}

function titleOf(axis: { label: string; kind: string }): string {
  return axis.kind === 'log' ? `${axis.label} (log)` : axis.label
}

function drawXTicks(pen: Pen, layout: Layout): void {
  const { box, x } = layout
  const room = box.right - box.left
  const ticks = x.ticks(Math.max(2, x.kind === 'category' ? room / 36 : room / 78))
  const each = room / Math.max(1, ticks.length)
  pen.textAlign = 'center'
  pen.textBaseline = 'top'
  for (const tick of ticks) {
    const at = Math.round(layout.px(tick.value)) + 0.5
    line(pen, at, box.top, at, box.bottom)
    const text = fitted(tick, x.kind === 'category' ? each / 6.5 : 20)
    const most = layout.width - pen.measureText(text).width / 2 - 1
    pen.fillText(text, Math.min(at, most), box.bottom + 6)
  }
}

function drawYTicks(pen: Pen, layout: Layout): void {
  const { box, y } = layout
  pen.textAlign = 'right'
  pen.textBaseline = 'middle'
  for (const tick of y.ticks(
    Math.max(2, (box.bottom - box.top) / (y.kind === 'category' ? 16 : 42)),
  )) {
    const at = Math.round(layout.py(tick.value)) + 0.5
    line(pen, box.left, at, box.right, at)
    pen.fillText(fitted(tick, 18), box.left - 6, at)
  }
}

function fitted(tick: Tick, most: number): string {
  return shortened(tick.label, Math.max(3, Math.floor(most)))
}

function line(pen: Pen, x0: number, y0: number, x1: number, y1: number): void {
  pen.beginPath()
  pen.moveTo(x0, y0)
  pen.lineTo(x1, y1)
  pen.stroke()
}

const STRIPES = 48

export function drawColourBar(pen: Pen, layout: Layout, paint: Paint): void {
  const bar = layout.scene.bar!
  const { box } = layout
  const left = box.right + 12
  const [top, height] = [box.top + 6, box.bottom - box.top - 12]
  for (let i = 0; i < STRIPES; i++) {
    pen.fillStyle = paint(rampInk(bar.ramp, i / (STRIPES - 1)))
    pen.fillRect(left, top + height * (1 - (i + 1) / STRIPES), 10, height / STRIPES + 0.5)
  }
  pen.font = SMALL
  pen.fillStyle = paint('--muted')
  pen.textAlign = 'left'
  pen.textBaseline = 'top'
  pen.fillText(bar.highLabel ?? plain(bar.high, 3), left + 14, top)
  pen.textBaseline = 'bottom'
  pen.fillText(bar.lowLabel ?? plain(bar.low, 3), left + 14, top + height)
  pen.save()
  pen.translate(left + 20, top + height / 2)
  pen.rotate(-Math.PI / 2)
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(shortened(bar.label, Math.max(8, (height - 40) / 6.5)), 0, 0)
  pen.restore()
}
