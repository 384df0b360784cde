import { useMemo } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import type { Hit } from '../../../charts/hits'
import { SceneCard } from '../../../charts/SceneCard'
import { Checkbox, Empty } from '../../../components'
import type { RunColumn } from '../../../data/api.gen'
import { axisText } from '../../../logic/charts/axisText'
import { axisOf, type Dimension } from '../../../logic/charts/axis'
import { dimensionOf, drawnColumns, LOOKED_AT, mainColumn, mostRelated, sampleNote, varying } from '../../../logic/charts/runColumns'
import { runScatterScene } from '../../../logic/charts/runScatter'
import type { Table } from '../../../logic/charts/table'
import { runPath } from '../../../logic/runs/address'
import { useUrlState } from '../../../logic/urlState'
import { Pairs } from '../../overview/TrialTip'
import { useRuns } from '../context'
import { ColumnSelect } from './ColumnSelect'
import { SelectedRuns } from './SelectedRuns'
import { useRunPoints } from './useRunPoints'
import './runCharts.css'

/** Runs by any two columns; brushing selects them. */
export default function Scatter() {
  const { catalogue, selection } = useRuns()
  const [, navigate] = useLocation()
  const columns = useMemo(() => drawnColumns(catalogue), [catalogue])
  const [chosenX, setX] = useUrlState('scatter.x', '')
  const [y, setY] = useUrlState('scatter.y', mainColumn(catalogue)?.key ?? 'duration')
  const [colour, setColour] = useUrlState('scatter.colour', '')
  const [size, setSize] = useUrlState('scatter.size', '')
  const [logX, setLogX] = useUrlState('scatter.logx', '')
  const [logY, setLogY] = useUrlState('scatter.logy', '')
  const args = useMemo(() => columns.filter(({ group }) => group === 'args').slice(0, LOOKED_AT), [columns])
  const candidates = chosenX ? [chosenX] : args.map(({ key }) => key)
  const wanted = [y, colour, size, ...candidates, 'created'].filter((key) => columns.some((column) => column.key === key))
  const { data, table, error, loading, reload } = useRunPoints(wanted)
  const x = useMemo(
    () => chosenX || (table && mostRelated(table, varying(table, args), y)?.key) || 'created',
    [chosenX, table, args, y],
  )
  const keys = [x, y, colour, size]
  const known = useMemo(() => (table ? dimensions(table, columns, keys) : new Map()), [table, keys.join('\n')])
  const scene = useMemo(() => {
    const [across, up] = [known.get(x), known.get(y)]
    if (!table || !data || !across || !up) return null
    return runScatterScene(table, {
      x: across, y: up, colour: known.get(colour), size: known.get(size),
      logX: isLog(logX, across), logY: isLog(logY, up), notes: sampleNote(data),
    }) // prettier-ignore
  }, [table, known, x, y, colour, size, logX, logY])
  if (catalogue.total === 0) return <Empty>There are no runs yet.</Empty>
  return (
    <section class="run-charts" aria-label="Scatter">
      <div class="run-tools" role="group" aria-label="What is drawn">
        <ColumnSelect label="X" columns={columns} value={x} onChange={setX} />
        <ColumnSelect label="Y" columns={columns} value={y} onChange={setY} />
        <ColumnSelect label="Colour by" columns={columns} value={colour} onChange={setColour} none="(one colour)" />
        <ColumnSelect
          label="Size by"
          columns={columns.filter(({ kind }) => kind === 'number' || kind === 'duration')}
          value={size}
          onChange={setSize}
          none="(one size)"
        />
        <Checkbox
          label="Log x"
          checked={isLog(logX, known.get(x))}
          onChange={(on) => setLogX(on ? '1' : '0')}
        />
        <Checkbox
          label="Log y"
          checked={isLog(logY, known.get(y))}
          onChange={(on) => setLogY(on ? '1' : '0')}
        />
      </div>
      <SceneCard
        title={scene ? `${scene.y.label} by ${scene.x.label}` : 'Scatter'}
        scene={scene}
        stale={loading && Boolean(data)}
        error={error}
        retry={reload}
        empty={scene && table?.length === 0 ? 'No run is let through by the filter.' : null}
        height={520}
        onPick={(run) => navigate(runPath(run))}
        onSelect={(runs) => (selection.value = new Set(runs))}
        selected={selection.value}
        tooltip={(hit) => table && <PointTip hit={hit} table={table} known={known} />}
      />
      <SelectedRuns />
    </section>
  )
}

/** As somebody chose, or else as the column asks for. */
function isLog(chosen: string, dimension: Dimension | undefined): boolean {
  if (!dimension || dimension.labels || dimension.time) return false
  return chosen === '' ? dimension.log : chosen === '1'
}

function dimensions(table: Table, columns: readonly RunColumn[], keys: readonly string[]): Map<string, Dimension> {
  const shown = columns.filter(({ key }) => keys.includes(key))
  return new Map(shown.map((column) => [column.key, dimensionOf(table, column)]))
}

interface TipProps {
  hit: Hit
  table: Table
  known: ReadonlyMap<string, Dimension>
}

function PointTip({ hit, table, known }: TipProps) {
  const i = table.get('id').indexOf(hit.id ?? NaN)
  if (i < 0) return null
  const name = table.labels('name')?.[table.get('name')[i]!] ?? `Run ${hit.id}`
  const pairs = [...known.values()].map((dimension): [string, string] => {
    const value = table.get(dimension.column)[i]!
    return [dimension.label, Number.isNaN(value) ? '–' : axisText(axisOf(dimension), value)]
  })
  return (
    <>
      <div class="tip-head">{name}</div>
      <Pairs pairs={pairs} />
    </>
  )
}
