import './grid.css'

const STEP = 16

interface GripProps {
  /** Of the column. */
  label: string
  width: number
  onWidth(width: number): void
}

/** The right edge of a head: dragged, or moved with the arrow keys, it makes the column wider. */
export function Grip({ label, width, onWidth }: GripProps) {
  const start = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement
    const from = event.clientX
    grip.setPointerCapture(event.pointerId)
    const move = (moved: PointerEvent) => onWidth(width + moved.clientX - from)
    const end = () => grip.removeEventListener('pointermove', move)
    grip.addEventListener('pointermove', move)
    grip.addEventListener('lostpointercapture', end, { once: true })
    event.preventDefault()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
    if (!step) return
    event.preventDefault()
    onWidth(width + step)
  }
  return (
    <span
      class="grip"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${label}`}
      aria-valuenow={width}
      tabIndex={0}
      onPointerDown={start}
      onKeyDown={onKeyDown}
    />
  )
}
