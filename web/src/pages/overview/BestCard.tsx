import { Link } from 'wouter-preact'
import { Card, StatusChip } from '../../components'
import type { Study, Summary, TrialRef } from '../../data/api.gen'
import { objectiveName } from '../../logic/charts/axis'
import { formatDuration, formatNumber, withError } from '../../logic/format'
import { paramText } from '../../logic/trials/columns'
import { trialName } from '../../logic/trials/naming'
import { useStudy } from '../study/context'
import { Pairs } from './TrialTip'
import { useSummary } from './useSummary'

/** The best trial with its parameters, or all that nothing dominates. */
export function BestCard() {
  const { study } = useStudy()
  const summary = useSummary()
  if (study.directions.length === 0) return null
  const several = study.directions.length > 1
  return (
    <Card title={several ? `Best trials (${summary.front_size})` : 'Best trial'} class="chart-card">
      {summary.best.length === 0 ? (
        <p class="chart-empty">{noBest(summary)}</p>
      ) : (
        <div class="trial-cards">
          {summary.best.map((trial) => (
            <BestTrial key={trial.number} study={study} trial={trial} />
          ))}
          <More summary={summary} study={study} />
        </div>
      )}
    </Card>
  )
}

function noBest({ counts }: Summary): string {
  if (counts.total === 0) return 'There are no trials yet.'
  return counts.COMPLETED
    ? 'No finished trial keeps to all constraints.'
    : 'No trial has finished yet.'
}

function More({ summary, study }: { summary: Summary; study: Study }) {
  const rest = summary.front_size - summary.best.length
  if (rest <= 0 || study.directions.length < 2) return null
  return <Link href={`/studies/${study.id}/trialTable?filter=best`}>{rest} more in the table</Link>
}

function BestTrial({ study, trial }: { study: Study; trial: TrialRef }) {
  const values = study.directions.map((_, k): [string, string] => [
    objectiveName(study, k),
    `${formatNumber(trial.values[k])}${withError(trial.sems?.[k], '')}`,
  ])
  return (
    <article>
      <div class="tip-head">
        <Link href={`/studies/${study.id}/trials?numbers=${trial.number}`}>
          {trialName(trial)}
        </Link>
        <StatusChip status={trial.status} />
        {duration(trial)}
      </div>
      {values.length === 1 ? (
        <div class="best-number" title={String(trial.values[0])}>
          {formatNumber(trial.values[0])}
          <span class="error-of">{withError(trial.sems?.[0])}</span>
        </div>
      ) : (
        <Pairs pairs={values} />
      )}
      <Pairs
        pairs={Object.entries(trial.params).map(([name, value]) => [name, paramText(value, 6)])}
      />
    </article>
  )
}

function duration({ time_started: start, time_finished: end }: TrialRef) {
  if (start === null || end === null) return null
  return <span class="muted">{formatDuration((end - start) / 1000)}</span>
}
