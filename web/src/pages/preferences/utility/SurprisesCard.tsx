import { Link } from 'wouter-preact'
import { Button, Card } from '../../../components'
import type { Surprise, Utility } from '../../../data/api.gen'
import { sentence } from '../../../logic/preferences/history'
import { percent } from '../../../logic/preferences/learnt'
import { readOnly } from '../../../state/session'
import { useStudy } from '../../study/context'
import { useRemoving } from '../useRemoving'

/** Answers that the model finds unlikely: a slip of the finger, or something that it has to learn. */
export function SurprisesCard({ utility, reload }: { utility: Utility; reload: () => void }) {
  const { study } = useStudy()
  const { isRemoved, change } = useRemoving(study.id, utility, reload)
  return (
    <Card title="The most surprising answers" class="half">
      {utility.surprises.length === 0 && <p class="chart-empty">No answer surprises the model.</p>}
      <ul class="surprises">
        {utility.surprises.map((surprise) => {
          const { answer, place } = surprise
          const [said, gone] = [sentence(answer), isRemoved(answer)]
          return (
            <li key={answer.id} aria-label={said}>
              <div>
                {gone ? <s>{said}</s> : <strong>{said}</strong>}
                <p class="hint">{expectation(surprise)}</p>
              </div>
              <Link
                class="button"
                href={`/studies/${study.id}/preference-history?answer=${answer.id}&at=${place}`}
                aria-label={`Show in the history: ${said}`}
              >
                Show
              </Link>
              {!readOnly.value && (
                <Button aria-label={`${gone ? 'Restore' : 'Remove'}: ${said}`} onClick={() => void change(answer, !gone)}>
                  {gone ? 'Restore' : 'Remove'}
                </Button>
              )}
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

const expectation = ({ better, worse, probability }: Surprise) =>
  `The model expects people to prefer trial ${worse} to trial ${better}, in ${percent(1 - probability)} of all answers.`
