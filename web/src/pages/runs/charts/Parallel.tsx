import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { ChartCard } from '../../../charts/ChartCard'
import { ChartMenu } from '../../../charts/ChartMenu'
import { Parallel as Chart } from '../../../charts/Parallel'
import { parallelPicture } from '../../../charts/parallelPicture'
import { Empty } from '../../../components'
import { Popover } from '../../../components/Popover'
import type { RunColumn } from '../../../data/api.gen'
import { complete, parallelAxes, type Brushes } from '../../../logic/charts/parallel'
import { SHADES, shadesOf } from '../../../logic/charts/palette'
import { columnLabel, dimensionOf, drawnColumns, LOOKED_AT, mainColumn, sampleNote, varying } from '../../../logic/charts/runColumns'
import { extent } from '../../../logic/charts/scale'
import { count } from '../../../logic/charts/scene'
import type { Table } from '../../../logic/charts/table'
import { useUrlList, useUrlState } from '../../../logic/urlState'
import { useRuns } from '../context'
import { PickList } from '../table/PickList'
import { ColumnSelect } from './ColumnSelect'
import { SelectedRuns } from './SelectedRuns'
import { useRunPoints } from './useRunPoints'
import '../table/table.css'
import './runCharts.css'

const TITLE = 'Parallel coordinates'
/** So many arguments get an axis. */
const USUAL = 8
const PAUSE = 120

/** Runs as lines over any columns; brushing an axis selects those that pass there. */
export default function Parallel() {
  const { catalogue, selection } = useRuns()
  const columns = useMemo(() => drawnColumns(catalogue), [catalogue])
  const main = mainColumn(catalogue)
  const [listed, setListed] = useUrlList('parallel.axes')
  const [colour, setColour] = useUrlState('parallel.colour', main?.key ?? 'number')
  const known = listed.filter((key) => columns.some((column) => column.key === key))
  const usual = useMemo(() => candidates(columns, main), [columns, main?.key])
  const wanted = known.length ? known : usual.map(({ key }) => key)
  const { data, table, error, loading, reload } = useRunPoints([...wanted, colour])
  const shown = useMemo(
    () => (table ? axesOf(table, columns, known.length ? known : null, usual, main) : []),
    [table, columns, known.join('\n')],
  )
  const scene = useMemo(() => table && sceneOf(table, shown, columns, colour), [table, shown, colour])
  const [brushes, setBrushes] = useState<Brushes>({})
  const chosen = useMemo(() => (table ? rowsOf(table, selection.value) : null), [table, selection.value])
  const own = useRef<ReadonlySet<number> | null>(null)
  useEffect(() => {
    // Cleared elsewhere.
    if (selection.value.size === 0 && selection.value !== own.current) setBrushes({})
  }, [selection.value])
  const timer = useRef<ReturnType<typeof setTimeout>>()
  useEffect(() => () => clearTimeout(timer.current), [])
  if (catalogue.total === 0) return <Empty>There are no runs yet.</Empty>
  const keys = shown.map(({ key }) => key)
  const pick = (key: string) =>
    setListed(keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key])
  const onBrush = (next: Brushes, rows: number[]) => {
    setBrushes(next)
    const ids = table!.get('id')
    clearTimeout(timer.current)
    // Not at each move of the pointer: the address has the selection, too.
    timer.current = setTimeout(() => (selection.value = own.current = new Set(rows.map((i) => ids[i]!))), PAUSE)
  }
  const few = scene && table ? table.length - scene.rows.length : 0
  const height = 440
  return (
    <section class="run-charts" aria-label={TITLE}>
      <div class="run-tools" role="group" aria-label="What is drawn">
        <Popover label="Axes" face={`${shown.length} axes`}>
          <PickList label="Axes" columns={columns} isPicked={(key) => keys.includes(key)} onPick={pick} />
        </Popover>
        <ColumnSelect label="Colour by" columns={columns} value={colour} onChange={setColour} />
      </div>
      <ChartCard
        title={TITLE}
        height={height}
        waiting={!scene && !error}
        stale={loading && Boolean(data)}
        error={error}
        retry={reload}
        empty={
          table?.length === 0
            ? 'No run is let through by the filter.'
            : scene && shown.length === 0
              ? 'The runs have the same arguments: choose the axes that you want to see.'
              : null
        }
        notes={[
          ...(few ? [`${count(few, 'run')} without a value on every axis ${few === 1 ? 'is' : 'are'} left out.`] : []),
          ...(data ? sampleNote(data) : []),
        ]}
        menu={scene && <ChartMenu title={TITLE} picture={parallelPicture(scene)} />}
      >
        {scene && (
          <Chart
            scene={scene}
            brushes={brushes}
            onBrush={onBrush}
            chosen={chosen}
            height={height}
            summary={`${shown.map(columnLabel).join(', ')} of ${count(scene.rows.length, 'run')}.`}
          />
        )}
      </ChartCard>
      <SelectedRuns />
    </section>
  )
}

/** The main metric and the arguments, of which those will be shown that differ. */
function candidates(columns: readonly RunColumn[], main: RunColumn | undefined): RunColumn[] {
  const args = columns.filter(({ group }) => group === 'args').slice(0, LOOKED_AT)
  return main ? [main, ...args] : args
}

function axesOf(
  table: Table,
  columns: readonly RunColumn[],
  chosen: readonly string[] | null,
  usual: readonly RunColumn[],
  main: RunColumn | undefined,
): RunColumn[] {
  if (chosen) return chosen.flatMap((key) => columns.find((column) => column.key === key) ?? [])
  const args = varying(table, usual.filter((column) => column !== main && table.has(column.key)))
  return [...args.slice(0, USUAL), ...(main && table.has(main.key) ? [main] : [])]
}

function sceneOf(table: Table, shown: readonly RunColumn[], columns: readonly RunColumn[], colour: string) {
  const axes = parallelAxes(table, shown.map((column) => dimensionOf(table, column)))
  const values = table.get(colour)
  const [low, high] = extent([values]) ?? [0, 1]
  // The best are on top, and bright on dark ground.
  const up = columns.find(({ key }) => key === colour)?.lower_is_better === false
  const places = up ? shadesOf(values.map((value) => -value), -high, -low) : shadesOf(values, low, high)
  return { axes, rows: complete(axes, table.length), shades: places.map((s) => Math.min(s, SHADES - 1)) }
}

/** Selected runs as rows, or null where none of them is here. */
function rowsOf(table: Table, ids: ReadonlySet<number>): ReadonlySet<number> | null {
  if (ids.size === 0) return null
  const own = table.get('id')
  const rows = [...own.keys()].filter((i) => ids.has(own[i]!))
  return rows.length ? new Set(rows) : null
}
