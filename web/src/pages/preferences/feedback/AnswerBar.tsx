import { Button } from '../../../components'
import type { Mode } from '../../../logic/preferences/answers'
import { Icon } from './Icon'

const MODES: [mode: Mode, label: string][] = [
  ['worst', 'Worst'],
  ['best', 'Best'],
  ['rank', 'Rank'],
]

interface BarProps {
  mode: Mode
  onMode(mode: Mode): void
  /** Whether there are two to compare. */
  isReady: boolean
  canUndo: boolean
  onUndo(): void
  onEqual(): void
  onSend(): void
}

/** What concerns all candidates, where thumbs reach it. */
export function AnswerBar({ mode, onMode, isReady, canUndo, onUndo, onEqual, onSend }: BarProps) {
  return (
    <div class="answer-bar" role="toolbar" aria-label="Answer">
      <Button aria-label="Undo" aria-disabled={!canUndo} title="Take back your last answer or skip (u)" onClick={onUndo}>
        <Icon of="undo" />
        <span class="wide-only">Undo</span>
      </Button>
      <div class="segments" role="group" aria-label="What a tap says">
        {MODES.map(([value, label]) => (
          <Button key={value} aria-pressed={mode === value} title={`${label} (${value.charAt(0)})`} onClick={() => onMode(value)}>
            {label}
          </Button>
        ))}
      </div>
      <Button aria-disabled={!isReady} title="None of them is better than another (e)" aria-label="About equal" onClick={onEqual}>
        <span aria-hidden="true">≈</span>
        <span class="wide-only">About equal</span>
        <span class="narrow-only">Equal</span>
      </Button>
      {mode === 'rank' && (
        <Button kind="primary" aria-disabled={!isReady} title="Enter" onClick={onSend}>
          Send
        </Button>
      )}
    </div>
  )
}
