import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select, Slider } from '../../components'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { curvesScene } from '../../logic/charts/curves'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { tipOf } from './tip'
import { useSummary } from './useSummary'
import { useTrialActions } from './useTrials'

type Which = 'best' | 'latest' | 'running' | 'numbers'
const INTERMEDIATE = 'intermediate_value'

export function CurvesCard() {
  const { study, filter } = useStudy()
  const { open, selected } = useTrialActions()
  const summary = useSummary()
  const fallback =
    study.has_intermediate_values || !study.metrics.length ? INTERMEDIATE : study.metrics[0]!
  const [metric, setMetric] = useUrlState('curves.metric', fallback)
  const [which, setWhich] = useUrlState(
    'curves.which',
    study.directions.length === 0 ? 'latest' : 'best',
  )
  const [limit, setLimit] = useUrlState('curves.limit', '50')
  const [smoothing, setSmoothing] = useUrlState('curves.smooth', '0')
  const [log, setLog] = useUrlState('curves.log', '')
  const numbers =
    which === 'numbers' ? [...selected].sort((a, b) => a - b).slice(0, Number(limit)) : []
  const asked = {
    metric,
    filter,
    which: which as Which,
    limit: Number(limit),
    ...(which === 'numbers' ? { numbers } : {}),
  }
  const nothingChosen = which === 'numbers' && numbers.length === 0
  const enabled = study.metrics.length > 0 && !nothingChosen
  const { data, error, loading, reload } = useQuery(
    `curves/${study.id}/${JSON.stringify(asked)}`,
    (signal) => source().curves(study.id, asked, signal),
    { live: study.id, enabled, quiet: 1000 },
  )
  const best = summary.best[0]?.number ?? null
  const weight = Number(smoothing)
  const label = metric === INTERMEDIATE ? 'Intermediate value' : metric
  const scene = useMemo(
    () =>
      data &&
      curvesScene(data.curves, {
        label,
        log: log === '1',
        smoothing: weight,
        best: study.directions.length > 1 ? null : best,
        highlighted: which === 'numbers' ? NONE : selected,
        colours: which === 'numbers',
      }),
    [data, label, log, weight, best, selected, which],
  )
  if (study.metrics.length === 0 && !study.has_intermediate_values) return null
  const controls = (
    <>
      {study.metrics.length > 1 && (
        <Select
          label="Metric"
          value={metric}
          options={study.metrics.map((value) => ({ value, label: value }))}
          onChange={setMetric}
        />
      )}
      <Select label="Trials" hideLabel value={which as Which} options={WHICH} onChange={setWhich} />
      <Select
        label="How many"
        hideLabel
        value={limit}
        options={['10', '50', '200'].map((value) => ({ value, label: value }))}
        onChange={setLimit}
      />
      <Slider
        label="Smooth"
        value={weight}
        min={0}
        max={0.99}
        step={0.01}
        onChange={(value) => setSmoothing(String(value))}
      />
      <Checkbox
        label="Log y scale"
        checked={log === '1'}
        onChange={(on) => setLog(on ? '1' : '')}
      />
    </>
  )
  return (
    <SceneCard
      title={metric === INTERMEDIATE ? 'Intermediate values' : 'Metrics'}
      class="half"
      controls={controls}
      scene={enabled ? (scene ?? null) : null}
      waiting={enabled && !data && !error}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        nothingChosen
          ? 'Select trials in a chart or a table to see their curves.'
          : data?.curves.length === 0
            ? `No ${which === 'running' ? 'running ' : ''}trial has reported this metric.`
            : null
      }
      height={300}
      onPick={open}
      tooltip={tipOf}
    />
  )
}

const NONE: ReadonlySet<number> = new Set()
const WHICH: { value: Which; label: string }[] = [
  { value: 'best', label: 'best' },
  { value: 'latest', label: 'latest' },
  { value: 'running', label: 'running' },
  { value: 'numbers', label: 'selected' },
]
