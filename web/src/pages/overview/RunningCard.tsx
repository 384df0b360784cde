import { Link } from 'wouter-preact'
import { Ago, Card } from '../../components'
import type { TrialRef } from '../../data/api.gen'
import { paramText } from '../../logic/trials/columns'
import { trialName } from '../../logic/trials/naming'
import { useStudy } from '../study/context'
import { useSummary } from './useSummary'

const SHOWN_PARAMS = 4

/** Trials that run now, and which of them have been silent for long. */
export function RunningCard() {
  const { study } = useStudy()
  const { running, stale, counts } = useSummary()
  if (running.length === 0) return null
  const silent = new Set(stale)
  return (
    <Card title={`Running now (${counts.RUNNING})`} class="chart-card running-card">
      <div class="trial-cards">
        {running.map((trial) => (
          <article key={trial.number}>
            <div class="tip-head">
              <Link href={`/studies/${study.id}/trials?numbers=${trial.number}`}>
                {trialName(trial)}
              </Link>
              <span class="muted">
                <Ago ms={trial.time_started} />
              </span>
              {silent.has(trial.number) && (
                <span class="chip stale" title="No sign of life for long: its worker may be gone">
                  Stale
                </span>
              )}
            </div>
            <span class="muted">{paramsText(trial)}</span>
          </article>
        ))}
      </div>
    </Card>
  )
}

function paramsText({ params }: TrialRef): string {
  const all = Object.entries(params)
  const text = all.slice(0, SHOWN_PARAMS).map(([name, value]) => `${name} ${paramText(value, 3)}`)
  return [...text, ...(all.length > SHOWN_PARAMS ? ['…'] : [])].join(', ')
}
