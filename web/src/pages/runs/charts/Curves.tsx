import { useMemo, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { Legend } from '../../../charts/Legend'
import { toggled } from '../../../charts/SceneCard'
import { Button, Empty, Failed, Select, Spinner } from '../../../components'
import type { ComparedRow, RunComparison } from '../../../data/api.gen'
import { looksOf, type Looks } from '../../../logic/charts/runLooks'
import type { LegendItem } from '../../../logic/charts/scene'
import { formatCount } from '../../../logic/format'
import { runPath } from '../../../logic/runs/address'
import { useUrlState } from '../../../logic/urlState'
import { useRuns } from '../context'
import { CurveCard } from './CurveCard'
import { CurveTools } from './CurveTools'
import { MOST, useChosenRuns } from './useChosenRuns'
import { useCurveSettings, type CurveSettings } from './useCurveSettings'
import './runCharts.css'

/** Metrics of runs over each other: the selected runs, or the first of the table. */
export default function Curves() {
  const { catalogue, selection } = useRuns()
  const [first, setFirst] = useUrlState('curves.first', '10')
  // Means of groups are those of all runs, or of as many as can be.
  const [group] = useUrlState('curves.group', '')
  const { ids, selected, comparison, waiting, error } = useChosenRuns(group ? MOST : Number(first) || 10)
  const settings = useCurveSettings(comparison.data)
  if (catalogue.metrics.length === 0) return <Empty>No run has logged a metric yet.</Empty>
  if (waiting) return <Waiting />
  if (error && !comparison.data) return <Failed error={error} retry={comparison.reload} />
  if (!ids.length || !comparison.data) return <Empty>No run is let through by the filter.</Empty>
  const differing = comparison.data.rows.filter((row) => row.differs && TELLING.has(row.group) && row.kind !== 'document')
  return (
    <section class="run-charts" aria-label="Curves">
      <CurveTools settings={settings} differing={differing}>
        {!selected && !group && (
          <Select
            label="First of the table"
            value={first}
            options={['5', '10', '20', '50'].map((value) => ({ value, label: value }))}
            onChange={setFirst}
          />
        )}
      </CurveTools>
      {selected ? (
        <p class="muted" role="note">
          {selection.value.size > MOST
            ? `These are the first ${MOST} of ${formatCount(selection.value.size)} selected runs.`
            : `${ids.length} selected run${ids.length === 1 ? '' : 's'}.`}{' '}
          <Button kind="plain" onClick={() => (selection.value = new Set())}>
            Clear the selection
          </Button>
        </p>
      ) : (
        ids.length < catalogue.total && (
          <p class="muted" role="note">
            These are the first {ids.length} runs of the table: select others there to see them.
          </p>
        )
      )}
      <CurveGrid ids={ids} settings={settings} comparison={comparison.data} />
    </section>
  )
}

const TELLING = new Set<ComparedRow['group']>(['args', 'attrs', 'extras', 'run'])

interface GridProps {
  ids: readonly number[]
  settings: CurveSettings
  comparison: RunComparison
}

/** A chart for each metric, with one legend. */
export function CurveGrid({ ids, settings, comparison }: GridProps) {
  const { id } = useRuns()
  const [, navigate] = useLocation()
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set())
  const { metrics, x, smoothing, logX, logY, colour, group, spread, merged } = settings
  const looks = useMemo(() => looksOf(comparison, colour), [comparison, colour])
  const shared = useMemo(() => {
    const row = comparison.rows.find(({ key }) => key === group)
    return { x, smoothing, logX, logY, looks, spread, group: row?.label ?? group, groups: row?.values ?? [] }
  }, [x, smoothing, logX, logY, looks, spread, comparison, group])
  const options = useMemo(() => metrics.map((metric) => ({ ...shared, metric })), [shared, metrics.join('\n')])
  if (metrics.length === 0) return <p class="chart-empty">None of these runs has logged a metric.</p>
  return (
    <>
      {!group && (
        <Legend items={legendOf(looks)} hidden={hidden} onToggle={(item) => setHidden(toggled(hidden, item))} />
      )}
      <div class={`curve-grid ${metrics.length === 1 ? 'single' : ''}`}>
        {options.map((each) => (
          <CurveCard
            key={`${each.metric}/${x}`}
            ids={ids}
            options={each}
            merged={merged}
            groupBy={group}
            live={id ?? 'all'}
            hidden={group ? undefined : hidden}
            onOpen={(run) => navigate(runPath(run))}
            height={metrics.length === 1 ? 460 : 280}
          />
        ))}
      </div>
    </>
  )
}

const legendOf = (looks: Looks): LegendItem[] =>
  [...looks.byId.values()].map(({ label, ink, dash }) => ({ label, ink, dash, shape: 'line' }))

export function Waiting() {
  return (
    <div class="centred">
      <Spinner />
    </div>
  )
}
