import type { LegendItem } from '../logic/charts/scene'
import { cssColour } from './inks'

interface LegendProps {
  items: readonly LegendItem[]
  hidden: ReadonlySet<string>
  onToggle: (label: string) => void
}

const PATHS: Record<string, string> = {
  circle: 'M6 2a4 4 0 1 1 0 8a4 4 0 1 1 0-8z',
  ring: 'M6 2.5a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z',
  square: 'M2.5 2.5h7v7h-7z',
  bar: 'M1 3h10v6h-10z',
  diamond: 'M6 1l5 5l-5 5l-5-5z',
  triangle: 'M6 1.5l5 9h-10z',
  cross: 'M2.5 2.5l7 7M2.5 9.5l7-7',
  line: 'M0 6h24',
  whisker: 'M6 1v10M3.5 1h5M3.5 11h5',
}

/** Names of what is shown; a click hides or shows. */
export function Legend({ items, hidden, onToggle }: LegendProps) {
  if (items.length === 0) return null
  return (
    <div class="legend" role="group" aria-label="Legend">
      {items.map(({ label, ink, shape, dash }) => (
        <button
          key={label}
          type="button"
          aria-pressed={!hidden.has(label)}
          title={hidden.has(label) ? `Show ${label}` : `Hide ${label}`}
          onClick={() => onToggle(label)}
        >
          <svg
            class={stroked(shape) ? 'stroked' : ''}
            width={dash?.length ? 24 : 12}
            height="12"
            aria-hidden="true"
            style={{ color: cssColour(ink) }}
          >
            <path d={PATHS[shape] ?? PATHS.circle!} stroke-dasharray={dash?.join(' ')} />
          </svg>
          {label}
        </button>
      ))}
    </div>
  )
}

const stroked = (shape: string) => ['ring', 'cross', 'line', 'whisker'].includes(shape)
