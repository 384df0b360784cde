import { zoomed } from '../logic/charts/scale'
import type { Hit, Hits } from './hits'
import { WHOLE, type Layout, type View } from './layout'

interface Keyed {
  layout: Layout | null
  hits: () => Hits | null
  hit: Hit | null
  setHit: (hit: Hit | null) => void
  open: () => void
  onView: (view: View) => void
  onSelect?: ((numbers: number[]) => void) | undefined
}

/** Everything that the mouse can do, by keys. */
export function keyboard(event: KeyboardEvent, plot: Keyed): void {
  const { layout, hits, hit, setHit, onView } = plot
  if (!layout || event.ctrlKey || event.metaKey || event.altKey) return
  const jump = event.shiftKey ? 20 : 1
  const actions: Record<string, () => void> = {
    ArrowRight: () => setHit(hits()?.beside(hit, jump) ?? null),
    ArrowLeft: () => setHit(hits()?.beside(hit, -jump) ?? null),
    Enter: plot.open,
    '+': () => onView(closer(layout, 0.7)),
    '-': () => onView(closer(layout, 1 / 0.7)),
    '0': () => onView(WHOLE),
    Escape: () => {
      setHit(null)
      plot.onSelect?.([])
    },
  }
  const action = actions[event.key]
  if (!action) return
  event.preventDefault()
  event.stopPropagation()
  action()
}

/** The view closer around a place of the box, the middle by default. */
export function closer(layout: Layout, factor: number, x = 0.5, y = 0.5): View {
  return { x: zoomed(layout.x, x, factor), y: zoomed(layout.y, y, factor) }
}
