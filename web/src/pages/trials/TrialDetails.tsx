import { Button, Empty, Failed, Spinner } from '../../components'
import type { Trial } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { nextOf } from '../../logic/trials/selection'
import { differingParams } from '../../logic/trials/differing'
import { useStudy } from '../study/context'
import { TrialDetail } from './TrialDetail'

interface TrialDetailsProps {
  numbers: number[]
  onChoose(numbers: number[]): void
  onBack(): void
}

type Found = { number: number; trial: Trial } | { number: number; trial?: undefined; problem: string }

/** One or several trials side by side; what differs between them is marked. */
export function TrialDetails({ numbers, onChoose, onBack }: TrialDetailsProps) {
  const { study } = useStudy()
  const load = (signal: AbortSignal) => Promise.all(numbers.map((number) => found(study.id, number, signal)))
  const { data, error, loading, reload } = useQuery<Found[]>(`trial/${study.id}/${numbers.join(',')}`, load, {
    live: study.id,
    enabled: numbers.length > 0,
  })
  if (!numbers.length) return <section class="trial-details nothing">{!study.summary.counts.total || <Empty>Choose a trial.</Empty>}</section>
  const shown = (data ?? []).filter(({ number }) => numbers.includes(number))
  const trials = shown.flatMap(({ trial }) => trial ?? [])
  const differing = differingParams(trials)
  const running = study.summary.running.map(({ number }) => number)
  return (
    <section class="trial-details" aria-label="Details" aria-busy={loading}>
      <Button class="back" onClick={onBack}>
        ← All trials
      </Button>
      {error && <Failed error={error} retry={reload} />}
      {!data && !error && <Spinner />}
      <div class={`details-columns ${numbers.length > 1 ? 'several' : ''}`}>
        {shown.map((each) =>
          each.trial ? (
            <TrialDetail
              key={each.number}
              trial={each.trial}
              differing={differing}
              isAlone={numbers.length === 1}
              nextRunning={nextOf(running, each.number)}
              onShow={(number) => onChoose(numbers.map((other) => (other === each.number ? number : other)))}
              onClose={() => onChoose(numbers.filter((other) => other !== each.number))}
              onChange={reload}
            />
          ) : (
            <Failed key={each.number} error={new Error(each.problem)} retry={reload} />
          ),
        )}
      </div>
    </section>
  )
}

async function found(id: number, number: number, signal: AbortSignal): Promise<Found> {
  try {
    return { number, trial: await source().trial(id, number, signal) }
  } catch (error) {
    if (signal.aborted) throw error
    return { number, problem: error instanceof Error ? error.message : String(error) }
  }
}
