import { useMemo } from 'preact/hooks'
import { ChartCard } from '../../charts/ChartCard'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select } from '../../components'
import { useColumns } from '../../data/query'
import { idColumns, objectiveOf, targets, type Dimension } from '../../logic/charts/axis'
import { sliceScene } from '../../logic/charts/slice'
import type { Table } from '../../logic/charts/table'
import { useUrlState } from '../../logic/urlState'
import { Near } from '../overview/Near'
import { tipOf } from '../overview/tip'
import { useTable, useTrialActions } from '../overview/useTrials'
import { useStudy } from '../study/context'
import { options, useParams } from './useParams'

const ALL = '*'
const LIMIT = 3000

export function SliceCards() {
  const { study, filter } = useStudy()
  const params = useParams(study)
  const dimensions = targets(study)
  const [chosen, setChosen] = useUrlState('param', params[0]?.label ?? '')
  const [y, setY] = useUrlState('slice.y', dimensions[0]?.column ?? '')
  const [log, setLog] = useUrlState('slice.log', '')
  const [linear, setLinear] = useUrlState('slice.linear', '')
  const [pruned, setPruned] = useUrlState('slice.pruned', '1')
  const target = dimensions.find(({ column }) => column === y) ?? dimensions[0]
  const shown =
    chosen === ALL
      ? params
      : params.filter(
          ({ label }, i) =>
            label === chosen || (i === 0 && !params.some((param) => param.label === chosen)),
        )
  const names = [
    ...idColumns(study),
    'status',
    'feasible',
    target?.column ?? '',
    ...shown.map(({ column }) => column),
  ]
  const objective = (target && objectiveOf(target.column)) ?? 0
  const enabled = target !== undefined && shown.length > 0
  const query = useColumns(study.id, names, { filter, limit: LIMIT, objective, enabled })
  const table = useTable(query.data)
  const controls = (
    <>
      {dimensions.length > 1 && (
        <Select
          label="Objective"
          value={target!.column}
          options={dimensions.map(({ column, label }) => ({ value: column, label }))}
          onChange={setY}
        />
      )}
      {params.length > 0 && (
        <Select
          label="Parameter"
          value={chosen === ALL ? ALL : (shown[0]?.label ?? '')}
          options={[...options(params), { value: ALL, label: 'All parameters' }]}
          onChange={setChosen}
        />
      )}
      <Checkbox
        label="Log y scale"
        checked={log === '1'}
        onChange={(on) => setLog(on ? '1' : '')}
      />
      <Checkbox
        label="Linear x"
        checked={linear === '1'}
        onChange={(on) => setLinear(on ? '1' : '')}
      />
      <Checkbox
        label="Filter out PRUNED"
        checked={pruned !== '1'}
        onChange={(on) => setPruned(on ? '0' : '1')}
      />
    </>
  )
  const base = {
    title: 'Slice',
    controls,
    error: query.error,
    retry: query.reload,
    stale: query.loading && Boolean(query.data),
  }
  if (!enabled)
    return (
      <ChartCard
        {...base}
        class="half"
        height={300}
        empty={
          params.length
            ? 'There is no objective and no numeric user attribute to draw.'
            : 'No trial has parameters yet.'
        }
      />
    )
  const ready = table && shown.every(({ column }) => table.has(column)) && table.has(target.column)
  const slice = { target, logY: log === '1', linear: linear === '1', pruned: pruned === '1' }
  if (shown.length === 1)
    return (
      <Slice
        {...base}
        {...slice}
        class="half"
        param={shown[0]!}
        table={ready ? table : null}
        height={330}
      />
    )
  return (
    <ChartCard {...base} height={300} waiting={!ready}>
      <div class="multiples">
        {ready &&
          shown.map((param) => (
            <Near key={param.column} height={300}>
              <Slice {...slice} title={param.label} param={param} table={table} height={210} />
            </Near>
          ))}
      </div>
    </ChartCard>
  )
}

interface SliceProps {
  title: string
  class?: string
  controls?: preact.ComponentChildren
  error?: Error | undefined
  retry?: () => void
  stale?: boolean
  param: Dimension
  target: Dimension
  table: Table | null
  logY: boolean
  linear: boolean
  pruned: boolean
  height: number
}

function Slice({ param, target, table, logY, linear, pruned, ...card }: SliceProps) {
  const { open, select, selected } = useTrialActions()
  const scene = useMemo(
    () => table && sliceScene(table, { param, target, logY, logX: param.log && !linear, pruned }),
    [table, param, target.column, logY, linear, pruned],
  )
  const points = scene?.layers[0]
  return (
    <SceneCard
      {...card}
      scene={scene}
      empty={
        points?.kind === 'points' && points.ids.length === 0
          ? 'No trial has both this parameter and a value.'
          : null
      }
      onPick={open}
      onSelect={select}
      selected={selected}
      tooltip={tipOf}
    />
  )
}
