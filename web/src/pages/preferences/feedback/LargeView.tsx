import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Dialog } from '../../../components'
import type { FeedbackComponent } from '../../../data/api.gen'
import type { Mode } from '../../../logic/preferences/answers'
import { faceOf } from '../../../logic/preferences/faces'
import { Face, Params } from './Face'
import type { Place } from './usePlaces'

interface LargeProps {
  place: Place
  component: FeedbackComponent
  mode: Mode
  canAnswer: boolean
  /** Whether there are two to compare. */
  isReady: boolean
  withParams: boolean
  /** To the next or the previous candidate; undefined where there is only one. */
  onStep: ((by: 1 | -1) => void) | undefined
  onChoose(): void
  onSkip(): void
  onClose(): void
}

const ZOOMS = [1, 1.5, 2, 3, 4, 6]

/** A candidate in large: arrow keys go through them, and it can be answered from here. */
export function LargeView({ place, component, mode, canAnswer, isReady, withParams, onStep, onChoose, onSkip, onClose }: LargeProps) {
  const { candidate, isSeen, isThere, leaving } = place
  const { number } = candidate
  const kind = faceOf(candidate, component)
  const canZoom = isThere && kind === 'image'
  const [zoom, setZoom] = useState(1)
  const change = (by: 1 | -1) => canZoom && setZoom((now) => ZOOMS[ZOOMS.indexOf(now) + by] ?? now)
  useEffect(() => setZoom(1), [number])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as Element
      if (event.ctrlKey || event.metaKey || event.altKey || target.closest('audio, video, iframe')) return
      const action = {
        ArrowRight: () => onStep?.(1), ArrowLeft: () => onStep?.(-1), '+': () => change(1), '-': () => change(-1),
      }[event.key]
      if (!action) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  })
  const disabled = !isSeen || Boolean(leaving)
  return (
    <Dialog title={`Trial ${number}`} class="wide large-view" onClose={onClose}>
      <Stage key={number} zoom={zoom} onZoom={canZoom ? () => setZoom(zoom === 1 ? 2 : 1) : undefined}>
        <Face candidate={candidate} component={component} isThere={isThere} isLarge />
      </Stage>
      {leaving && <p class="candidate-farewell" role="status">{leaving}</p>}
      {withParams && kind !== 'params' && <div class="large-params"><Params of={candidate} /></div>}
      <footer class="dialog-actions">
        {onStep && <Button aria-label="Previous candidate" onClick={() => onStep(-1)}>‹</Button>}
        {onStep && <Button aria-label="Next candidate" onClick={() => onStep(1)}>›</Button>}
        {canZoom && <Button class="wide-only" aria-label="Smaller" aria-disabled={zoom === 1} onClick={() => change(-1)}>−</Button>}
        {canZoom && <Button aria-label="Larger" onClick={() => change(1)}>+</Button>}
        <span class="spacer" />
        {canAnswer && <Button aria-label={`Skip trial ${number}`} aria-disabled={disabled} onClick={onSkip}>Skip</Button>}
        {canAnswer && mode !== 'rank' && (
          <Button
            class={`choose ${mode}`}
            aria-label={`Trial ${number} is the ${mode}`}
            aria-disabled={disabled || !isThere || !isReady}
            onClick={onChoose}
          >
            {mode === 'worst' ? 'Worst' : 'Best'}
          </Button>
        )}
      </footer>
    </Dialog>
  )
}

interface StageProps {
  zoom: number
  /** A click on the picture. */
  onZoom: (() => void) | undefined
  children: preact.ComponentChildren
}

/** Where it is seen; when it is larger than the stage, it is scrolled, from its middle. */
function Stage({ zoom, onZoom, children }: StageProps) {
  const stage = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const box = stage.current!
    box.scrollTo((box.scrollWidth - box.clientWidth) / 2, (box.scrollHeight - box.clientHeight) / 2)
  }, [zoom])
  const size = `${zoom * 100}%`
  return (
    <div ref={stage} class={`large-stage ${onZoom ? 'zoomable' : ''} ${zoom > 1 ? 'zoomed' : ''}`} onClick={onZoom}>
      <div class="large-face" style={{ width: size, height: size }}>{children}</div>
    </div>
  )
}
