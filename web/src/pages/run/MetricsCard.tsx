import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Card, Sparkline } from '../../components'
import type { RunDetails, RunMetric } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatCount, formatNumber, type Sent } from '../../logic/format'

const MANY = 12
const HEADS = ['Metric', 'Curve', 'Best', 'Last', 'Min', 'Max', 'Mean', 'Values']

/** What each metric came to: its best and last value first, with a small curve. */
export function MetricsCard({ run }: { run: RunDetails }) {
  const [wanted, setWanted] = useState('')
  const { data } = useQuery(`run/${run.id}/sketches`, (signal) => source().runSketches(run.id, signal), {
    live: run.time_finished === null ? run.experiment_id : undefined,
    enabled: run.metrics.length > 0,
    quiet: 2000,
  })
  if (!run.metrics.length) return null
  const shown = run.metrics.filter(({ name }) => name.toLowerCase().includes(wanted.trim().toLowerCase()))
  const actions = (
    <>
      {run.metrics.length > MANY && (
        <input
          type="search"
          class="run-search"
          aria-label="Search metrics"
          placeholder="Search"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <Link class="button" href={`/experiments/${run.experiment_id}/curves?runs=${run.id}`}>Curves</Link>
    </>
  )
  return (
    <Card title="Metrics" class="run-metrics" actions={actions}>
      <div class="scrolls" tabIndex={0} role="region" aria-label="Table of metrics">
        <table>
          <thead>
            <tr>
              {HEADS.map((head) => (
                <th key={head} scope="col">{head}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((metric) => (
              <Row key={metric.name} metric={metric} curve={data?.curves[metric.name] ?? []} />
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

function Row({ metric, curve }: { metric: RunMetric; curve: Sent[] }) {
  const isLow = metric.lower_is_better
  const [best, step] = isLow ? [metric.min, metric.min_step] : [metric.max, metric.max_step]
  return (
    <tr>
      <th scope="row">{metric.name}</th>
      <td class="curve">
        <Sparkline values={curve} label={`${metric.name} by step`} width={110} />
      </td>
      <td title={`${best ?? 'no number'}: the ${isLow ? 'least' : 'greatest'} value`} class="best">
        {formatNumber(best)} {best !== null && (isLow ? '↓' : '↑')} {step !== null && <span class="hint">at {formatCount(step)}</span>}
      </td>
      <td title={String(metric.last ?? '')}>
        {formatNumber(metric.last)} {metric.last_step !== null && <span class="hint">at {formatCount(metric.last_step)}</span>}
      </td>
      <td title={String(metric.min ?? '')}>{formatNumber(metric.min)}</td>
      <td title={String(metric.max ?? '')}>{formatNumber(metric.max)}</td>
      <td title={String(metric.mean ?? '')}>{formatNumber(metric.mean)}</td>
      <td title={metric.n_nan ? `${formatCount(metric.n_nan)} of them no numbers` : undefined}>
        {formatCount(metric.n)}
        {metric.n_nan > 0 && <span class="warning"> ⚠ {formatCount(metric.n_nan)} nan</span>}
      </td>
    </tr>
  )
}
