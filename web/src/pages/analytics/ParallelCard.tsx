import { useMemo, useState } from 'preact/hooks'
import { ChartCard } from '../../charts/ChartCard'
import { ChartMenu } from '../../charts/ChartMenu'
import type { ParallelScene } from '../../charts/drawParallel'
import { Parallel } from '../../charts/Parallel'
import { parallelPicture } from '../../charts/parallelPicture'
import { Checkbox } from '../../components'
import { useColumns } from '../../data/query'
import { attrDimensions, objectiveDimensions, type Dimension } from '../../logic/charts/axis'
import { shadesOf } from '../../logic/charts/palette'
import {
  complete,
  defaultParams,
  parallelAxes,
  type Brushes,
} from '../../logic/charts/parallel'
import { extent } from '../../logic/charts/scale'
import { count } from '../../logic/charts/scene'
import type { Table } from '../../logic/charts/table'
import { joinList, splitList } from '../../logic/lists'
import { useUrlState } from '../../logic/urlState'
import { useTable } from '../overview/useTrials'
import { useStudy } from '../study/context'
import { useParams } from './useParams'

const LIMIT = 2000
const TITLE = 'Parallel coordinates'
const NONE = '-'

/** All parameters and values of many trials; brushing an axis selects trials. */
export function ParallelCard({ height = 380 }: { height?: number }) {
  const { study, filter, selection } = useStudy()
  const params = useParams(study)
  const objectives = useMemo(() => objectiveDimensions(study), [study])
  const attrs = useMemo(() => attrDimensions(study), [study])
  const all = [...objectives, ...params, ...attrs]
  const usual = useMemo(() => usualColumns(study.params, objectives), [study.params, objectives])
  const [text, setText] = useUrlState('parallel.axes', '')
  const on = text === '' ? usual : new Set(text === NONE ? [] : splitList(text))
  const shown = all.filter(({ column }) => on.has(column))
  const put = (columns: Set<string>) => setText(columns.size ? joinList([...columns]) : NONE)
  const [brushes, setBrushes] = useState<Brushes>({})
  const names = ['number', 'status', ...all.map(({ column }) => column)]
  const { data, error, loading, reload } = useColumns(study.id, names, {
    filter,
    limit: LIMIT,
    enabled: all.length > 0,
  })
  const table = useTable(data)
  const scene = useMemo(
    () => table && sceneOf(table, shown, study.directions[0] === 'maximize'),
    [table, [...on].join(), all.length],
  )
  const chosen = useMemo(
    () => (table ? rowsOf(table, selection.value) : null),
    [table, selection.value],
  )
  const onBrush = (next: Brushes, rows: number[]) => {
    setBrushes(next)
    const number = table!.get('number')
    selection.value = new Set(rows.map((i) => number[i]!))
  }
  const few = scene ? table!.length - scene.rows.length : 0
  return (
    <ChartCard
      title={TITLE}
      height={height}
      waiting={all.length > 0 && !scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        params.length === 0
          ? 'No trial has parameters yet.'
          : scene && table!.length === 0
            ? 'No trial is let through by the filter.'
            : null
      }
      notes={
        scene && few > 0 && shown.length > 0
          ? [
              `${count(few, 'trial')} without a value on every axis ${few === 1 ? 'is' : 'are'} left out.`,
              ...table!.note(),
            ]
          : (table?.note() ?? [])
      }
      menu={scene && <ChartMenu title={TITLE} picture={parallelPicture(scene)} />}
    >
      <div class="axis-list" role="group" aria-label="Axes">
        <Checkbox
          label="Check all"
          checked={all.every(({ column }) => on.has(column))}
          onChange={(every) => put(new Set(every ? all.map(({ column }) => column) : []))}
        />
        {all.map(({ column, label }) => (
          <Checkbox
            key={column}
            label={label}
            checked={on.has(column)}
            onChange={(checked) => put(withOrWithout(on, column, checked))}
          />
        ))}
      </div>
      {scene && shown.length > 0 ? (
        <Parallel
          scene={scene}
          brushes={brushes}
          onBrush={onBrush}
          chosen={chosen}
          height={height}
          summary={`${shown.map(({ label }) => label).join(', ')} of ${count(scene.rows.length, 'trial')}.`}
        />
      ) : (
        <p class="chart-empty">Check the axes that you want to see.</p>
      )}
    </ChartCard>
  )
}

function usualColumns(
  params: Parameters<typeof defaultParams>[0],
  objectives: readonly Dimension[],
): Set<string> {
  return new Set([
    ...objectives.map(({ column }) => column),
    ...[...defaultParams(params)].map((name) => `param:${name}`),
  ])
}

function withOrWithout(set: ReadonlySet<string>, item: string, wanted: boolean): Set<string> {
  return new Set(wanted ? [...set, item] : [...set].filter((other) => other !== item))
}

function sceneOf(table: Table, shown: readonly Dimension[], maximize: boolean): ParallelScene {
  const axes = parallelAxes(table, shown)
  const values = table.get(
    shown.find(({ column }) => column.startsWith('value:'))?.column ?? 'number',
  )
  const range = extent([values]) ?? [0, 1]
  const place = maximize ? values.map((value) => -value) : values
  const shades = maximize ? shadesOf(place, -range[1], -range[0]) : shadesOf(place, ...range)
  return { axes, rows: complete(axes, table.length), shades }
}

/** Chosen trials as rows, or null where none of them is here. */
function rowsOf(table: Table, numbers: ReadonlySet<number>): ReadonlySet<number> | null {
  if (numbers.size === 0) return null
  const number = table.get('number')
  const rows = [...number.keys()].filter((i) => numbers.has(number[i]!))
  return rows.length ? new Set(rows) : null
}
