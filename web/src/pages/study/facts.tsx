import type { ComponentChildren } from 'preact'
import { Link } from 'wouter-preact'
import { Ago } from '../../components/Ago'
import { Sparkline } from '../../components/Sparkline'
import type { Study, Summary } from '../../data/api.gen'
import { useColumns } from '../../data/query'
import { formatCount, formatDuration, formatNumber } from '../../logic/format'

const POINTS = 60

interface FactProps {
  name: string
  title?: string | undefined
  children: ComponentChildren
}

export function Fact({ name, title, children }: FactProps) {
  return (
    <div class="fact" title={title}>
      <span class="fact-name">{name}</span>
      <span class="fact-value">{children}</span>
    </div>
  )
}

interface BestProps {
  study: Study
  summary: Summary
  filter: string
}

/** The best value and how it came to be; of several objectives, how large the front is. */
export function BestFact({ study, summary, filter }: BestProps) {
  const single = study.directions.length === 1
  const trend = useColumns(study.id, ['best:0'], { filter, limit: POINTS, enabled: single })
  if (!study.directions.length) return null
  if (!single) {
    return (
      <Fact name="Best trials" title="No other trial is better than these in all objectives">
        {formatCount(summary.front_size)}
      </Fact>
    )
  }
  const best = summary.best[0]
  const value = best?.values[0]
  if (!best) return <Fact name="Best value">–</Fact>
  return (
    <Fact name={bestName(study)} title={String(value)}>
      <Link href={trialPath(study.id, best.number)} class="best-value">
        {formatNumber(value)}
      </Link>
      <Improvement by={summary.improvement} />
      <Sparkline values={trend.data?.columns['best:0']?.values ?? []} label="Best value so far" steps />
    </Fact>
  )
}

function bestName(study: Study): string {
  const name = study.objective_names[0]
  return !name || /^Objective \d+$/.test(name) ? 'Best value' : `Best ${name}`
}

function Improvement({ by }: { by: number | null }) {
  if (!by || by < 0) return null
  return (
    <span class="improvement" title="Better than a tenth of the trials ago by this much">
      ▲ {formatNumber(by, 2)}
    </span>
  )
}

/** What runs, how fast, how long still, and since when nothing came. */
export function Facts({ study, summary }: { study: Study; summary: Summary }) {
  const { counts, stale, rate, time_left: left } = summary
  return (
    <>
      <Fact name="Running now">
        {formatCount(counts.RUNNING)}
        {summary.running.slice(0, 3).map(({ number, name }) => (
          <Link key={number} href={trialPath(study.id, number)} class="small">
            {number < 0 ? name : `#${number}`}
          </Link>
        ))}
        {stale.length > 0 && (
          <Link
            href={`/studies/${study.id}/trials?numbers=${stale.join(',')}`}
            class="warning"
            title={`Without a sign of life for long${stale[0]! < 0 ? '' : `: ${stale.map((n) => `#${n}`).join(', ')}`}`}
          >
            ⚠ {stale.length} stale
          </Link>
        )}
      </Fact>
      {rate !== null && (
        <Fact name="Rate" title="Finished trials, over the last trials">
          {rateText(rate)}
        </Fact>
      )}
      {left !== null && (
        <Fact name="Time left" title="Until what is queued and runs will be done, at this rate">
          {formatDuration(left / 1000)}
        </Fact>
      )}
      <Fact name="Mean duration">{formatDuration(summary.mean_duration)}</Fact>
      <Fact name="Last activity">
        <Ago ms={summary.last_activity} />
      </Fact>
    </>
  )
}

/** Trials in the unit of time that gives a number to remember. */
export function rateText(perMinute: number): string {
  if (perMinute >= 100) return `${formatNumber(perMinute / 60, 3)} /s`
  if (perMinute >= 1) return `${formatNumber(perMinute, 3)} /min`
  return `${formatNumber(perMinute * 60, 3)} /h`
}

export const trialPath = (id: number, number: number) => `/studies/${id}/trials?numbers=${number}`
