import type { ComponentChildren, JSX } from 'preact'
import { Button } from '../../../components'
import type { FeedbackComponent } from '../../../data/api.gen'
import type { Mode } from '../../../logic/preferences/answers'
import { faceOf } from '../../../logic/preferences/faces'
import { Face, Params } from './Face'
import { Icon } from './Icon'
import { PATIENCE, useLate } from './useLate'
import type { Place } from './usePlaces'

/** What has a use of its own, so that a tap on it is no answer. */
export const CONTROLS = 'a, button, audio, input, select, summary'

export interface CardActions {
  choose(number: number): void
  skip(number: number): void
  enlarge(number: number): void
  /** One rank up (-1) or down (1). */
  shift(number: number, by: 1 | -1): void
  send(): void
}

interface CardProps {
  place: Place
  /** Its key: 1 to 9. */
  at: number
  component: FeedbackComponent
  mode: Mode
  /** From 1, the best, if it is ranked; and of how many. */
  rank: number
  ranked: number
  withParams: boolean
  canAnswer: boolean
  /** Whether there are two to compare. */
  isReady: boolean
  actions: CardActions
}

/** A candidate: a tap on what it shows is an answer. */
export function CandidateCard({ place, at, component, mode, rank, ranked, withParams, canAnswer, isReady, actions }: CardProps) {
  const { candidate, isSeen, isThere, leaving } = place
  const { number } = candidate
  const ready = isSeen && isThere && !leaving
  const name = `Trial ${number}`
  const onTap = (event: MouseEvent) => {
    const target = event.target as Element
    if (canAnswer && mode !== 'rank' && !target.closest(CONTROLS) && !window.getSelection()?.toString()) actions.choose(number)
  }
  const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLElement>) => {
    if (mode !== 'rank' || event.target !== event.currentTarget) return
    const by = ({ ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 } as const)[event.key]
    if (by) actions.shift(number, by)
    else if (event.key === 'Enter') actions.send()
    else return
    event.preventDefault()
  }
  return (
    <article
      class={`candidate ${ready ? '' : 'unready'} ${leaving ? 'leaving' : ''}`}
      role="group"
      aria-label={name}
      data-number={number}
      tabIndex={mode === 'rank' ? 0 : -1}
      onKeyDown={onKeyDown}
    >
      <div class="candidate-face" onClick={onTap}>
        <Face candidate={candidate} component={component} isThere={isThere} />
        {mode === 'rank' && rank > 0 && (
          <span class="candidate-rank" aria-label={`Rank ${rank} of ${ranked}`}>{rankWords(rank, ranked)}</span>
        )}
        {leaving && <div class="candidate-farewell">{leaving}</div>}
      </div>
      {withParams && faceOf(candidate, component) !== 'params' && <Params of={candidate} />}
      <div class="candidate-foot">
        <div class="candidate-bar">
          {mode !== 'rank' && <kbd aria-hidden="true">{at}</kbd>}
          <span class="candidate-name" title={name}>#{number}</span>
          <span class="spacer" />
          <Button kind="icon" aria-label={`Show trial ${number} large`} title="Large (l)" onClick={() => actions.enlarge(number)}>
            <Icon of="large" />
          </Button>
          {canAnswer && (
            <Button
              kind="icon"
              aria-label={`Skip trial ${number}`}
              aria-disabled={Boolean(leaving) || !isSeen}
              title="Skip: do not ask about it (s)"
              onClick={() => actions.skip(number)}
            >
              <Icon of="skip" />
            </Button>
          )}
        </div>
        {canAnswer && (
          <div class="candidate-answer">
            {mode === 'rank' ? (
              <>
                <Button class="shift" aria-label={`Trial ${number} is better`} aria-disabled={!ready || rank <= 1} onClick={() => actions.shift(number, -1)}>
                  ‹
                </Button>
                <Button class="shift" aria-label={`Trial ${number} is worse`} aria-disabled={!ready || rank >= ranked} onClick={() => actions.shift(number, 1)}>
                  ›
                </Button>
              </>
            ) : (
              <Button class={`choose ${mode}`} aria-label={`Trial ${number} is the ${mode}`} aria-disabled={!ready || !isReady} onClick={() => actions.choose(number)}>
                {mode === 'worst' ? 'Worst' : 'Best'}
              </Button>
            )}
          </div>
        )}
      </div>
    </article>
  )
}

function rankWords(rank: number, of: number): string {
  if (rank === 1) return '1 best'
  return rank === of ? `${rank} worst` : String(rank)
}

/** Where the next candidate will be; with more to say about it, or not. */
export function EmptyPlace({ children }: { children?: ComponentChildren }) {
  const isLate = useLate(PATIENCE)
  const awaited = isLate ? 'No new trial for a while: is the program running?' : 'The next one comes here'
  return <div class="candidate empty-place muted">{children || awaited}</div>
}
