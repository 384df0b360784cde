import { Card, Spinner } from '../../../components'
import type { Utility, UtilityTrial } from '../../../data/api.gen'
import { formatCount, formatNumber, withError } from '../../../logic/format'
import { fewAnswers, percent } from '../../../logic/preferences/learnt'
import { useStudy } from '../../study/context'
import { SmallCard } from '../SmallCard'

/** The trials that people probably like most. */
export function BestCard({ utility, isStale }: { utility: Utility; isStale: boolean }) {
  const { study } = useStudy()
  const { best, trials, component, ahead, left_out } = utility
  const of = new Map(trials.map((trial) => [trial.number, trial]))
  const [first, second] = best
  const note = fewAnswers(utility)
  return (
    <Card title="Probably the best" actions={isStale && <Spinner />}>
      {note && <p class="few-answers">{note}</p>}
      <div class="best-candidates">
        {best.map((candidate, place) => (
          <SmallCard
            key={candidate.number}
            studyId={study.id}
            number={candidate.number}
            candidate={candidate}
            component={component}
            class={place === 0 ? 'good' : ''}
          >
            <Figures of={of.get(candidate.number)} />
          </SmallCard>
        ))}
      </div>
      {left_out > 0 && (
        <p class="chart-note">
          Learnt from {formatCount(trials.length)} of {formatCount(trials.length + left_out)} compared trials: those without
          parameters are left out, and where there are very many, those in the middle.
        </p>
      )}
      {first && second && (
        <p class="chart-note">
          People would prefer trial {first.number} to trial {second.number} in {percent(ahead)} of all answers. Utility is
          how much they like a trial: before any answer most are thought to lie between −2 and 2. After ± stands how far
          off it may well be.
        </p>
      )}
    </Card>
  )
}

function Figures({ of }: { of: UtilityTrial | undefined }) {
  if (!of) return null
  return (
    <div class="figures">
      <strong>{percent(of.best)} likely to be the best</strong>
      <span class="share-bar" aria-hidden="true">
        <i style={{ width: `${100 * of.best}%` }} />
      </span>
      <span class="hint">
        Utility {formatNumber(of.mean, 3)}
        {withError(of.std, '')}
      </span>
    </div>
  )
}
