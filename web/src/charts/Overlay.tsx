import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Line, Scene } from '../logic/charts/scene'
import type { Hit } from './hits'
import { cssColour } from './inks'
import type { Layout } from './layout'

export interface Brush {
  x0: number
  y0: number
  x1: number
  y1: number
}

interface OverlayProps {
  layout: Layout | null
  hit: Hit | null
  brush: Brush | null
  tooltip?: ((hit: Hit, scene: Scene) => ComponentChildren) | undefined
  across?: boolean | undefined
}

/** What follows the pointer: drawn over the canvas, so that this need not be drawn anew. */
export function Overlay({ layout, hit, brush, tooltip, across }: OverlayProps) {
  if (!layout) return null
  return (
    <>
      <svg class="plot-overlay" width={layout.width} height={layout.height} aria-hidden="true">
        {hit && across && (
          <line class="plot-across" x1={hit.px} x2={hit.px} y1={layout.box.top} y2={layout.box.bottom} />
        )}
        {hit?.layer.kind === 'line' && (
          <path class="plot-hover-line" d={pathOf(hit.layer, layout)} style={{ stroke: cssColour(hit.layer.ink) }} />
        )}
        {hit && hit.layer.kind !== 'bars' && (
          <circle class="plot-hover" cx={hit.px} cy={hit.py} r={6} />
        )}
        {brush && (
          <rect
            class="plot-brush"
            x={Math.min(brush.x0, brush.x1)}
            y={Math.min(brush.y0, brush.y1)}
            width={Math.abs(brush.x1 - brush.x0)}
            height={Math.abs(brush.y1 - brush.y0)}
          />
        )}
      </svg>
      {hit && tooltip && !brush && (
        <Tip x={hit.px} y={hit.py} width={layout.width}>
          {tooltip(hit, layout.scene)}
        </Tip>
      )}
    </>
  )
}

function pathOf(line: Line, layout: Layout): string {
  const parts: string[] = []
  let [pen, before] = ['M', 0]
  for (let i = 0; i < line.x.length; i++) {
    const [x, y] = [layout.px(line.x[i]!), layout.py(line.y[i]!)]
    if (!Number.isFinite(x) || !Number.isFinite(y)) pen = 'M'
    else {
      if (line.step && pen === 'L') parts.push(`L${x.toFixed(1)} ${before.toFixed(1)}`)
      parts.push(`${pen}${x.toFixed(1)} ${y.toFixed(1)}`)
      ;[pen, before] = ['L', y]
    }
  }
  return parts.join('')
}

/** Beside the mark, on the side with more room; never wider than the screen. */
export function Tip({
  x,
  y,
  width,
  children,
}: {
  x: number
  y: number
  width: number
  children: ComponentChildren
}) {
  const tip = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const box = tip.current
    const frame = box?.parentElement?.getBoundingClientRect()
    if (!box || !frame) return
    const [w, h] = [box.offsetWidth, box.offsetHeight]
    const left = x > width / 2 ? x - w - 14 : x + 14
    const fit = Math.min(
      document.documentElement.clientWidth - frame.left - w - 4,
      Math.max(4 - frame.left, left),
    )
    const top = Math.min(window.innerHeight - frame.top - h - 6, Math.max(6 - frame.top, y - h / 2))
    box.style.transform = `translate(${Math.round(fit)}px, ${Math.round(top)}px)`
  })
  return (
    <div ref={tip} class="tip" role="status">
      {children}
    </div>
  )
}
