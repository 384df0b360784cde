import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { brushed, type Brushes } from '../logic/charts/parallel'
import type { Range } from '../logic/charts/scale'
import { shownTheme } from '../state/preferences'
import { axisX, BOTTOM, drawParallel, TOP, type ParallelScene } from './drawParallel'
import { paintOf } from './pen'
import { sizeCanvas } from './Plot'
import { useSize } from './useSize'

interface ParallelProps {
  scene: ParallelScene
  brushes: Brushes
  onBrush: (brushes: Brushes, rows: number[]) => void
  /** Rows that are chosen elsewhere, if nothing is brushed here. */
  chosen: ReadonlySet<number> | null
  height: number
  summary: string
}

/** Trials as lines over parallel axes; dragging along axes chooses those that pass there. */
export function Parallel({ scene, brushes, onBrush, chosen, height, summary }: ParallelProps) {
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = useSize(frame)
  const { axes, rows } = scene
  const width = Math.max(shown, axes.length * 64 + 110)
  const [drag, setDrag] = useState<{ k: number; from: number } | null>(null)
  const [focus, setFocus] = useState(0)
  const active = useMemo(() => {
    const anyBrush = axes.some((axis) => brushes[axis.dimension.column])
    return anyBrush ? new Set(brushed(axes, rows, brushes)) : chosen
  }, [axes, rows, brushes, chosen])
  const theme = shownTheme.value
  useEffect(() => {
    if (!shown) return undefined
    const asked = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1
      sizeCanvas(canvas.current!, width, height, ratio)
      const pen = canvas.current!.getContext('2d')
      if (!pen) return
      pen.setTransform(ratio, 0, 0, ratio, 0, 0)
      pen.clearRect(0, 0, width, height)
      drawParallel(pen, scene, active, brushes, width, height, paintOf(canvas.current!))
    })
    return () => cancelAnimationFrame(asked)
  }, [scene, active, brushes, width, shown, height, theme])

  const put = (k: number, range: Range | null) => {
    const { [axes[k]!.dimension.column]: _, ...others } = brushes
    const next = range ? { ...others, [axes[k]!.dimension.column]: range } : others
    onBrush(next, brushed(axes, rows, next))
  }
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect()
    const up = (height - BOTTOM - (event.clientY - box.top)) / (height - TOP - BOTTOM)
    return [event.clientX - box.left, Math.min(1, Math.max(0, up))]
  }
  const onPointerDown = (event: PointerEvent) => {
    const [x, y] = place(event)
    const k = axes.findIndex((_, i) => Math.abs(axisX(i, axes.length, width) - x) < 18)
    if (k < 0) return
    canvas.current!.setPointerCapture(event.pointerId)
    setDrag({ k, from: y })
    setFocus(k)
  }
  const onPointerMove = (event: PointerEvent) => {
    if (!drag) return
    const [, y] = place(event)
    if (Math.abs(y - drag.from) > 0.015)
      put(drag.k, [Math.min(y, drag.from), Math.max(y, drag.from)])
  }
  const onPointerUp = (event: PointerEvent) => {
    if (drag && Math.abs(place(event)[1] - drag.from) <= 0.015) put(drag.k, null)
    setDrag(null)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.key
    const now = axes[focus] && brushes[axes[focus].dimension.column]
    if (key === 'ArrowRight' || key === 'ArrowLeft')
      setFocus((focus + (key === 'ArrowRight' ? 1 : axes.length - 1)) % axes.length)
    else if (key === 'ArrowUp' || key === 'ArrowDown')
      put(focus, stepped(now, key === 'ArrowUp' ? 0.05 : -0.05))
    else if (key === 'Escape') onBrush({}, [])
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const label = axes[focus]?.dimension.label
  return (
    <div
      ref={frame}
      class="parallel"
      tabIndex={0}
      role="application"
      aria-roledescription="chart"
      aria-label={`${summary} Left and right arrows choose an axis (now ${label}), up and down move its brush, Escape removes all.`}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        aria-hidden="true"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => setDrag(null)}
        onDblClick={() => onBrush({}, [])}
      />
    </div>
  )
}

/** A quarter of the axis, moved; the lowest quarter at first. */
function stepped(now: Range | undefined, by: number): Range {
  if (!now) return [0, 0.25]
  const move = Math.max(-now[0], Math.min(1 - now[1], by))
  return [now[0] + move, now[1] + move]
}
