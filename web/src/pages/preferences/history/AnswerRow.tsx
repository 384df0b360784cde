import { Ago, Button } from '../../../components'
import type { Answer, Candidate, FeedbackComponent } from '../../../data/api.gen'
import { sentence, tone, verdicts, verdictWord } from '../../../logic/preferences/history'
import { SmallCard } from '../SmallCard'

/** An answer with the trials that it is about. */
export interface Told {
  answer: Answer
  trials: ReadonlyMap<number, Candidate>
  component: FeedbackComponent
}

interface AnswerRowProps {
  /** Undefined until it has come. */
  told: Told | undefined
  studyId: number
  /** Counted from 1. */
  place: number
  count: number
  /** Whether a link led here. */
  isWanted: boolean
  isRemoved(answer: Answer): boolean
  /** Remove or restore; undefined where nothing may be changed. */
  change: ((answer: Answer, removed: boolean) => void) | undefined
}

export function AnswerRow({ told, studyId, place, count, isWanted, isRemoved, change }: AnswerRowProps) {
  const where = { 'aria-posinset': place, 'aria-setsize': count }
  if (!told) return <li class="answer-row loading" aria-hidden="true" />
  const { answer, trials, component } = told
  const gone = isRemoved(answer)
  const said = sentence(answer)
  return (
    <li class={`answer-row ${gone ? 'removed' : ''} ${isWanted ? 'wanted' : ''}`} aria-label={said} {...where}>
      <div class="answer-head">
        <h3>{gone ? <s>{said}</s> : said}</h3>
        {gone && <span class="chip">Removed</span>}
        {answer.time !== null && (
          <span class="hint">
            <Ago ms={answer.time} />
          </span>
        )}
        {change && (
          <Button onClick={() => change(answer, !gone)} aria-label={`${gone ? 'Restore' : 'Remove'}: ${said}`}>
            {gone ? 'Restore' : 'Remove'}
          </Button>
        )}
      </div>
      <div class={`answer-cards ${answer.mode === 'Rank' ? 'ranked' : ''}`}>
        {verdicts(answer).map(({ number, verdict }) => (
          <SmallCard
            key={number}
            studyId={studyId}
            number={number}
            candidate={trials.get(number)}
            component={component}
            class={tone(verdict)}
            badge={verdict !== null && <span class={`verdict ${tone(verdict)}`}>{verdictWord(verdict)}</span>}
          />
        ))}
      </div>
    </li>
  )
}
