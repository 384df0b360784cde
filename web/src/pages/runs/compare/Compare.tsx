import { useMemo } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Checkbox, Empty, Failed, Select } from '../../../components'
import type { RunComparison } from '../../../data/api.gen'
import { differingArgs, runNames } from '../../../logic/charts/runLooks'
import { comparedGroups } from '../../../logic/runs/compared'
import { runPath } from '../../../logic/runs/address'
import { useUrlState } from '../../../logic/urlState'
import { CurveGrid, Waiting } from '../charts/Curves'
import { CurveTools } from '../charts/CurveTools'
import { useChosenRuns } from '../charts/useChosenRuns'
import { useCurveSettings } from '../charts/useCurveSettings'
import { useRuns } from '../context'
import { ComparedFiles } from './ComparedFiles'
import { ComparedTable } from './ComparedTable'
import '../charts/runCharts.css'
import './compare.css'

/** So many of the table are compared as long as none is selected. */
const FIRST = 4

/** Runs side by side: in what they differ, their curves, notes and pictures. */
export default function Compare() {
  const { catalogue, selection } = useRuns()
  const { ids, selected, comparison, waiting, error } = useChosenRuns(FIRST)
  const settings = useCurveSettings(comparison.data)
  if (waiting) return <Waiting />
  if (error && !comparison.data) return <Failed error={error} retry={comparison.reload} />
  if (!ids.length || !comparison.data) return <Empty>No run is let through by the filter.</Empty>
  const drop = (run: number) => (selection.value = new Set(ids.filter((id) => id !== run)))
  return (
    <section class="run-charts" aria-label="Comparison">
      {!selected && (
        <p class="muted" role="note">
          These are the first {ids.length} runs of the table: select others there to compare them.
        </p>
      )}
      <Side comparison={comparison.data} onDrop={drop} />
      {catalogue.metrics.length > 0 && (
        <>
          <h2>Curves</h2>
          <CurveTools settings={settings} differing={differingArgs(comparison.data)} />
          <CurveGrid ids={ids} settings={settings} comparison={comparison.data} />
        </>
      )}
      <ComparedFiles comparison={comparison.data} />
    </section>
  )
}

function Side({ comparison, onDrop }: { comparison: RunComparison; onDrop: (run: number) => void }) {
  const { runs, rows, missing } = comparison
  const [all, setAll] = useUrlState('compare.all', '')
  const [search, setSearch] = useUrlState('compare.search', '')
  const [figures, setFigures] = useUrlState('compare.figures', '')
  const [base, setBase] = useUrlState('compare.base', '')
  const names = useMemo(() => runNames(runs), [runs])
  const groups = useMemo(
    () => comparedGroups(rows.filter(({ key }) => key !== 'comment'), { onlyDiffering: all !== '1', search, allFigures: figures === '1' }),
    [rows, all, search, figures],
  )
  const baseline = Math.max(0, runs.findIndex((run) => String(run.id) === base))
  return (
    <>
      <div class="run-tools" role="group" aria-label="What is compared">
        <Checkbox label="Only differences" checked={all !== '1'} onChange={(on) => setAll(on ? '' : '1')} />
        <input
          type="search"
          class="compare-search"
          aria-label="Find a row"
          placeholder="Find a row"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <Select
          label="Baseline"
          value={String(runs[baseline]?.id ?? '')}
          options={runs.map((run) => ({ value: String(run.id), label: names.get(run.id)! }))}
          onChange={setBase}
        />
        <Checkbox
          label="All figures of metrics"
          checked={figures === '1'}
          onChange={(on) => setFigures(on ? '1' : '')}
        />
      </div>
      {missing.length > 0 && (
        <p class="muted">
          {missing.length === 1 ? `Run ${missing[0]} is` : `Runs ${missing.join(', ')} are`} not there any more.
        </p>
      )}
      <Links comparison={comparison} names={names} />
      <ComparedTable runs={runs} names={names} groups={groups} baseline={baseline} onDrop={onDrop} />
    </>
  )
}

function Links({ comparison, names }: { comparison: RunComparison; names: ReadonlyMap<number, string> }) {
  if (!comparison.links.length) return null
  const of = (id: number) => <Link href={runPath(id)}>{names.get(id) ?? `run ${id}`}</Link>
  return (
    <ul class="compare-links" aria-label="Links between these runs">
      {comparison.links.map(({ from_id, kind, to_id }) => (
        <li key={`${from_id}/${kind}/${to_id}`}>
          {of(from_id)} <span class="muted">{kind}</span> {of(to_id)}
        </li>
      ))}
    </ul>
  )
}
