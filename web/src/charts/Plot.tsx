import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Scene } from '../logic/charts/scene'
import { shownTheme } from '../state/preferences'
import { drawScene } from './draw'
import { Hits, type Hit } from './hits'
import { layoutOf, type Layout, type View } from './layout'
import { Overlay } from './Overlay'
import { paintOf } from './pen'
import { keyboard } from './plotKeys'
import { usePointer } from './usePointer'
import { useSize } from './useSize'

export interface PlotProps {
  scene: Scene
  view: View
  onView: (view: View) => void
  /** Open a trial. */
  onPick?: ((number: number, hit: Hit) => void) | undefined
  /** Trials were brushed; without it dragging zooms. */
  onSelect?: ((numbers: number[]) => void) | undefined
  selected?: ReadonlySet<number> | undefined
  tooltip?: ((hit: Hit, scene: Scene) => ComponentChildren) | undefined
  /** Dragging moves the view, and the wheel zooms. */
  pan?: boolean | undefined
  /** The nearest mark is shown wherever the pointer is, with a line through all that is at its x. */
  across?: boolean | undefined
  height: number
}

const NONE: ReadonlySet<number> = new Set()

/** A scene on a canvas: hover, open, brush, zoom, keys. */
export function Plot(props: PlotProps) {
  const { scene, view, onPick, selected = NONE, height } = props
  const frame = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = useSize(frame)
  const [hit, setHit] = useState<Hit | null>(null)
  const layout = useMemo(
    () => (width > 60 ? layoutOf(scene, view, width, height) : null),
    [scene, view, width, height],
  )
  const hits = useMemo(() => lazyHits(layout), [layout])
  useEffect(() => setHit(null), [layout])
  useDrawing(canvas, layout, selected)
  const { brush, handlers } = usePointer(frame, layout, hits, hit, setHit, props)
  const open = () => hit && hit.id !== null && onPick?.(hit.id, hit)
  return (
    <div
      ref={frame}
      class={`plot ${hit && hit.id !== null && onPick ? 'pickable' : ''} ${props.pan ? 'pan' : ''}`}
      style={{ height: `${height}px` }}
      tabIndex={0}
      role="application"
      aria-roledescription="chart"
      aria-label={`${scene.summary} Arrow keys go through the marks, Enter opens one, plus and minus zoom.`}
      onKeyDown={(event) => keyboard(event, { layout, hits, hit, setHit, open, ...props })}
      {...handlers}
    >
      <canvas ref={canvas} aria-hidden="true" />
      <Overlay layout={layout} hit={hit} brush={brush} tooltip={props.tooltip} across={props.across} />
    </div>
  )
}

function lazyHits(layout: Layout | null): () => Hits | null {
  let made: Hits | null = null
  return () => (made ??= layout && new Hits(layout))
}

/** Drawing waits for the next frame: tabs that nobody sees have none. */
function useDrawing(
  canvas: RefObject<HTMLCanvasElement>,
  layout: Layout | null,
  selected: ReadonlySet<number>,
): void {
  const theme = shownTheme.value
  useEffect(() => {
    if (!layout) return undefined
    const frame = requestAnimationFrame(() => paintCanvas(canvas.current!, layout, selected))
    return () => cancelAnimationFrame(frame)
  }, [layout, selected, theme])
}

function paintCanvas(
  canvas: HTMLCanvasElement,
  layout: Layout,
  selected: ReadonlySet<number>,
): void {
  const ratio = window.devicePixelRatio || 1
  sizeCanvas(canvas, layout.width, layout.height, ratio)
  const pen = canvas.getContext('2d')
  if (!pen) return
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, layout.width, layout.height)
  drawScene(pen, layout, paintOf(canvas), { selected })
}

export function sizeCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
  ratio: number,
): void {
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)]
  if (canvas.width !== w) canvas.width = w
  if (canvas.height !== h) canvas.height = h
  canvas.style.width = `${width}px`
  canvas.style.height = `${height}px`
}
