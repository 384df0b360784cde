import type { ComponentChildren } from 'preact'
import type { Attr, MetricSummary, Trial } from '../../data/api.gen'
import { formatDuration, formatNumber, formatTime, formatValue, withError } from '../../logic/format'
import { paramText } from '../../logic/trials/columns'
import { useStudy } from '../study/context'
import { Part } from './TrialDetail'

export function Values({ trial }: { trial: Trial }) {
  const { study } = useStudy()
  if (!trial.values.length || study.is_preferential) return null
  return (
    <Part title={trial.values.length > 1 ? 'Values' : 'Value'}>
      <dl class="trial-facts values">
        {trial.values.map((value, place) => (
          <Fact key={place} name={study.objective_names[place] ?? `Objective ${place}`} title={String(value)}>
            {formatNumber(value, 6)}
            {withError(trial.sems[place])} {study.directions[place] !== 'not_set' && <span class="hint">{study.directions[place]}</span>}
          </Fact>
        ))}
      </dl>
    </Part>
  )
}

export function Constraints({ trial }: { trial: Trial }) {
  if (!trial.constraints.length) return null
  return (
    <Part title="Constraints">
      <dl class="trial-facts">
        {trial.constraints.map((value, place) => (
          <Fact key={place} name={`Constraint ${place}`} title={String(value)}>
            {formatNumber(value)} <span class="hint">{Number(value) > 0 || value === 'inf' ? 'violated' : 'met'}</span>
          </Fact>
        ))}
      </dl>
    </Part>
  )
}

export function Params({ trial, differing }: { trial: Trial; differing: ReadonlySet<string> }) {
  const isWaiting = trial.params.length === 0 && trial.fixed_params.length > 0
  const rows = isWaiting
    ? trial.fixed_params.map(({ key, value }) => ({ name: key, value, distribution: 'fixed' }))
    : trial.params
  if (!rows.length) return null
  return (
    <Part title={isWaiting ? 'Fixed parameters' : 'Parameters'}>
      <table class="params">
        <tbody>
          {rows.map(({ name, value, distribution }) => (
            <tr key={name} class={differing.has(name) ? 'differs' : ''}>
              <th scope="row">
                {name}
                {differing.has(name) && <span class="differs-mark" title="Not the same in all trials that are shown"> ≠</span>}
              </th>
              <td title={String(value)}>{paramText(value, 6)}</td>
              <td class="hint distribution" title={distribution}>{distribution}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  )
}

export function Times({ trial }: { trial: Trial }) {
  return (
    <Part title="Times">
      <dl class="trial-facts">
        {trial.time_created !== null && trial.time_started === null && <Fact name="Created at">{formatTime(trial.time_created)}</Fact>}
        <Fact name="Started at">{formatTime(trial.time_started)}</Fact>
        <Fact name="Completed at">{formatTime(trial.time_finished)}</Fact>
        <Fact name="Duration" title={trial.duration === null ? undefined : `${trial.duration} s`}>
          {formatDuration(trial.duration)}
        </Fact>
        {trial.heartbeat !== null && trial.status === 'RUNNING' && <Fact name="Last sign of life">{formatTime(trial.heartbeat)}</Fact>}
      </dl>
    </Part>
  )
}

export function Metrics({ trial }: { trial: Trial }) {
  const metrics = trial.metrics.filter(({ name }) => name !== 'intermediate_value')
  if (!metrics.length) return null
  return (
    <Part title="Metrics">
      <div class="scrolls">
        <table class="metrics">
          <thead>
            <tr>
              {['Metric', 'Last', 'Min', 'Max', 'Points', 'Last step'].map((name) => (
                <th key={name} scope="col">{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>{metrics.map(metricRow)}</tbody>
        </table>
      </div>
    </Part>
  )
}

const metricRow = (metric: MetricSummary) => (
  <tr key={metric.name}>
    <th scope="row">{metric.name}</th>
    <td>
      {formatNumber(metric.last)}
      {withError(metric.sem, '')}
    </td>
    <td>{formatNumber(metric.min)}</td>
    <td>{formatNumber(metric.max)}</td>
    <td>{metric.count}</td>
    <td>{formatNumber(metric.last_step)}</td>
  </tr>
)

export function Attributes({ trial }: { trial: Trial }) {
  const env = Object.entries(trial.env ?? {}).map(([key, value]) => ({ key, value }))
  return (
    <>
      {trial.tags.length > 0 && (
        <Part title="Tags">
          {trial.tags.map((tag) => (
            <span key={tag} class="chip">{tag}</span>
          ))}
        </Part>
      )}
      {trial.comment && <Part title="Comment"><p>{trial.comment}</p></Part>}
      {trial.user_attrs.length > 0 && <Part title="User attributes"><AttrList attrs={trial.user_attrs} /></Part>}
      <Folded title="System attributes" attrs={trial.system_attrs} />
      <Folded title="Environment" attrs={env} />
    </>
  )
}

function Folded({ title, attrs }: { title: string; attrs: Attr[] }) {
  if (!attrs.length) return null
  return (
    <details class="part">
      <summary>{title} ({attrs.length})</summary>
      <AttrList attrs={attrs} />
    </details>
  )
}

const AttrList = ({ attrs }: { attrs: Attr[] }) => (
  <dl class="trial-facts">
    {attrs.map(({ key, value }) => (
      <Fact key={key} name={key}>{typeof value === 'object' && value !== null ? <pre>{JSON.stringify(value, null, 1)}</pre> : formatValue(value, 8)}</Fact>
    ))}
  </dl>
)

const Fact = ({ name, title, children }: { name: string; title?: string | undefined; children: ComponentChildren }) => (
  <div title={title}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
