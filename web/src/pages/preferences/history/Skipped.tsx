import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button, Empty, Failed, Spinner, toastError } from '../../../components'
import type { Candidate } from '../../../data/api.gen'
import { useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { countOf } from '../../../logic/preferences/history'
import { readOnly } from '../../../state/session'
import { useStudy } from '../../study/context'
import { SmallCard } from '../SmallCard'

/** Trials that people are not asked about, until somebody restores them. */
export function Skipped({ choice }: { choice: ComponentChildren }) {
  const { study } = useStudy()
  const { data, error, reload } = useQuery(`skipped/${study.id}`, (signal) => source().skipped(study.id, signal), { live: study.id })
  const [restored, setRestored] = useState<ReadonlySet<number>>(new Set())
  // An answer that was under way meanwhile does not know of it yet; one without the trial does.
  useEffect(() => setRestored((old) => new Set(data?.trials.flatMap(({ id }) => (old.has(id) ? id : [])))), [data])
  const restore = async ({ id }: Candidate) => {
    try {
      await source().unskip(study.id, id)
      setRestored((old) => new Set([...old, id]))
      reload()
    } catch (error) {
      toastError(error)
    }
  }
  const trials = data?.trials.filter(({ id }) => !restored.has(id)) ?? []
  const total = data && data.total - (data.trials.length - trials.length)
  return (
    <section class="answers" aria-label="Skipped trials">
      <header class="answers-head">
        <strong class="count" role="status">
          {total !== undefined && `${countOf(total, 'skipped trial')}${total > trials.length ? `, the latest ${trials.length}` : ''}`}
        </strong>
        <span class="spacer" />
        {choice}
      </header>
      {error && <Failed error={error} retry={reload} />}
      {!data && !error && (
        <div class="centred">
          <Spinner />
        </div>
      )}
      {total === 0 && <Empty>No trial is skipped.</Empty>}
      <div class="skipped-trials">
        {data &&
          trials.map((trial) => (
            <SmallCard key={trial.id} studyId={study.id} number={trial.number} candidate={trial} component={data.component}>
              {!readOnly.value && (
                <Button aria-label={`Restore trial ${trial.number}`} title="Ask people about it again" onClick={() => void restore(trial)}>
                  Restore
                </Button>
              )}
            </SmallCard>
          ))}
      </div>
    </section>
  )
}
