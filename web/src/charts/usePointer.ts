import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { moved } from '../logic/charts/scale'
import { dragMode } from './dragMode'
import type { Hit, Hits } from './hits'
import { WHOLE, type Layout, type View } from './layout'
import type { Brush } from './Overlay'
import type { PlotProps } from './Plot'
import { closer } from './plotKeys'

const MOVED = 5
const ANYWHERE = 10_000

/** Hover, click, drag, wheel and double click over a chart. */
export function usePointer(
  frame: RefObject<HTMLDivElement>,
  layout: Layout | null,
  hits: () => Hits | null,
  hit: Hit | null,
  setHit: (hit: Hit | null) => void,
  { view, onView, onPick, onSelect, pan, across }: PlotProps,
) {
  const [brush, setBrush] = useState<Brush | null>(null)
  const start = useRef<{ x: number; y: number; layout: Layout } | null>(null)
  useWheel(frame, layout, onView, pan ?? false)

  const place = (event: PointerEvent): [number, number] => {
    const box = frame.current!.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const onPointerDown = (event: PointerEvent) => {
    const [x, y] = place(event)
    if (event.button === 0 && layout && within(layout, x, y)) start.current = { x, y, layout }
  }
  const onPointerMove = (event: PointerEvent) => {
    const [x, y] = place(event)
    const from = start.current
    if (!from) {
      const anywhere = across && layout && within(layout, x, y)
      return setHit(hits()?.at(x, y, anywhere ? ANYWHERE : undefined) ?? null)
    }
    if (!brush && Math.hypot(x - from.x, y - from.y) < MOVED) return
    frame.current!.setPointerCapture(event.pointerId)
    if (pan) onView(panned(from.layout, x - from.x))
    else setBrush({ x0: from.x, y0: from.y, ...clamped(from.layout, x, y) })
  }
  const onPointerUp = (event: PointerEvent) => {
    const from = start.current
    start.current = null
    if (!from || !layout) return
    const [x, y] = place(event)
    if (brush) finish(brush, event.shiftKey)
    else if (Math.hypot(x - from.x, y - from.y) < MOVED) {
      const found = hits()?.at(x, y) ?? null
      // A finger has no hover: the first touch shows, the second opens.
      if (event.pointerType === 'touch' && found?.id !== hit?.id) setHit(found)
      else if (found && found.id !== null) onPick?.(found.id, found)
    }
    setBrush(null)
  }
  const finish = (area: Brush, other: boolean) => {
    const [left, right] = [Math.min(area.x0, area.x1), Math.max(area.x0, area.x1)]
    const [top, bottom] = [Math.min(area.y0, area.y1), Math.max(area.y0, area.y1)]
    const selects = onSelect && (dragMode.value === 'select') !== other
    if (selects) onSelect(hits()?.within(left, top, right, bottom) ?? [])
    else if (right - left > MOVED && bottom - top > MOVED)
      onView(viewOf(layout!, left, top, right, bottom))
  }
  const stop = () => {
    start.current = null
    setBrush(null)
    setHit(null)
  }
  const onDblClick = () => (view.x || view.y) && onView(WHOLE)
  return {
    brush,
    handlers: {
      onPointerDown,
      onPointerMove,
      onPointerUp,
      onPointerLeave: () => start.current || setHit(null),
      onPointerCancel: stop,
      onDblClick,
    },
  }
}

function within({ box }: Layout, x: number, y: number): boolean {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom
}

function clamped({ box }: Layout, x: number, y: number) {
  return {
    x1: Math.min(box.right, Math.max(box.left, x)),
    y1: Math.min(box.bottom, Math.max(box.top, y)),
  }
}

function viewOf(
  { box, x, y }: Layout,
  left: number,
  top: number,
  right: number,
  bottom: number,
): View {
  const [width, height] = [box.right - box.left, box.bottom - box.top]
  return {
    x: [x.invert((left - box.left) / width), x.invert((right - box.left) / width)],
    y: [y.invert((box.bottom - bottom) / height), y.invert((box.bottom - top) / height)],
  }
}

function panned(layout: Layout, by: number): View {
  const { left, right } = layout.box
  return { x: moved(layout.x, -by / (right - left)), y: null }
}

/** The wheel zooms with Ctrl, so that the page can be scrolled over a chart. */
function useWheel(
  frame: RefObject<HTMLDivElement>,
  layout: Layout | null,
  onView: (view: View) => void,
  pan: boolean,
): void {
  const now = useRef({ layout, onView })
  now.current = { layout, onView }
  useEffect(() => {
    const element = frame.current
    const wheel = (event: WheelEvent) => {
      const { layout, onView } = now.current
      if (!layout || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      const box = element!.getBoundingClientRect()
      const x = (event.clientX - box.left - layout.box.left) / (layout.box.right - layout.box.left)
      const y = (layout.box.bottom - event.clientY + box.top) / (layout.box.bottom - layout.box.top)
      const view = closer(layout, Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))), x, y)
      onView(pan ? { x: view.x, y: null } : view)
    }
    element?.addEventListener('wheel', wheel, { passive: false })
    return () => element?.removeEventListener('wheel', wheel)
  }, [])
}
