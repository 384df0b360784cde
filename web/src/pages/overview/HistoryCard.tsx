import { useEffect, useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select, Slider } from '../../components'
import { useColumns } from '../../data/query'
import type { StatusQuo, Study, TrialRef } from '../../data/api.gen'
import { idColumns, objectiveOf, targets } from '../../logic/charts/axis'
import { HISTORY_X, historyScene, type HistoryX, type Reference } from '../../logic/charts/history'
import { toNumber } from '../../logic/format'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { tipOf } from './tip'
import { useTable, useTrialActions } from './useTrials'

const LIMIT = 4000
const STATE = 'status'
const GENERATED = [
  { key: 'generation_node', label: 'Node' },
  { key: 'generator', label: 'Generator' },
]

export function HistoryCard() {
  const { study, filter, details } = useStudy()
  const dimensions = targets(study)
  const [y, setY] = useUrlState('history.y', dimensions[0]?.column ?? '')
  const [x, setX] = useUrlState('history.x', 'number')
  const [log, setLog] = useUrlState('history.log', '')
  const [pruned, setPruned] = useUrlState('history.pruned', '1')
  const [size, setSize] = useUrlState('history.size', '3')
  const [colouring, setColouring] = useUrlState('history.colour', STATE)
  const target = dimensions.find((dimension) => dimension.column === y) ?? dimensions[0]
  const objective = target ? objectiveOf(target.column) : null
  const colours = coloursOf(study)
  const colour = colours.some(({ value }) => value === colouring) ? colouring : STATE
  const errors = study.has_errors && objective !== null ? `sem:${objective}` : undefined
  const names = [
    ...idColumns(study),
    'status',
    'feasible',
    ...(x === 'number' ? [] : [x]),
    target?.column ?? 'value:0',
    ...(objective === null ? [] : [`best:${objective}`]),
    ...(errors === undefined ? [] : [errors]),
    ...(colour === STATE ? [] : [colour]),
  ]
  const { data, error, loading, reload } = useColumns(study.id, names, {
    filter,
    limit: LIMIT,
    objective: objective ?? 0,
    enabled: target !== undefined,
  })
  useEffect(() => {
    if (data || error || !target) details.value = true // the first chart before all the rest
  }, [data, error, target])
  const table = useTable(data)
  const direction = objective === null ? undefined : study.directions[objective]
  const options = {
    target: target?.column ?? '',
    label: target?.label ?? '',
    x: x as HistoryX,
    log: log === '1',
    pruned: pruned === '1',
    size: Number(size),
    direction,
    errors,
    colour: colour === STATE ? undefined : colour,
  }
  const reference = useMemo(
    () => referenceOf(study.status_quo, objective, x as HistoryX),
    [study.status_quo, objective, x],
  )
  const scene = useMemo(
    () =>
      table && target && table.has(target.column)
        ? historyScene(table, { ...options, reference })
        : null,
    [table, reference, ...Object.values(options)],
  )
  const { open, select, selected } = useTrialActions()
  const controls = (
    <>
      {dimensions.length > 1 && (
        <Select
          label="y axis"
          value={target!.column}
          options={dimensions.map(({ column, label }) => ({ value: column, label }))}
          onChange={setY}
        />
      )}
      <Select label="x axis" value={x as HistoryX} options={HISTORY_X} onChange={setX} />
      {colours.length > 1 && (
        <Select label="Colour" value={colour} options={colours} onChange={setColouring} />
      )}
      <Slider
        label="Marker"
        value={Number(size)}
        min={1}
        max={10}
        onChange={(value) => setSize(String(value))}
      />
      <Checkbox
        label="Log y scale"
        checked={log === '1'}
        onChange={(on) => setLog(on ? '1' : '')}
      />
      <Checkbox
        label="Include PRUNED"
        checked={pruned === '1'}
        onChange={(on) => setPruned(on ? '1' : '0')}
      />
    </>
  )
  return (
    <SceneCard
      title="History"
      controls={controls}
      scene={scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={emptyHistory(target !== undefined, scene?.layers[0], filter)}
      height={430}
      onPick={open}
      onSelect={select}
      selected={selected}
      tooltip={tipOf}
    />
  )
}

/** What points can be coloured by: besides the state how Ax came to try something. */
function coloursOf({ attributes }: Pick<Study, 'attributes'>): { value: string; label: string }[] {
  const there = new Set(attributes.map(({ key }) => key))
  const known = GENERATED.filter(({ key }) => there.has(key))
  return [
    { value: STATE, label: 'State' },
    ...known.map(({ key, label }) => ({ value: `attr:${key}`, label })),
  ]
}

/** The status quo where it has a value. */
function referenceOf(
  statusQuo: StatusQuo | null,
  objective: number | null,
  x: HistoryX,
): Reference | undefined {
  if (!statusQuo || objective === null) return undefined
  const place = ({ trial, time_started, time_finished }: TrialRef) =>
    x === 'number' ? trial : x === 'start' ? time_started : time_finished
  const points = statusQuo.trials.flatMap((each): [number, number][] => {
    const [at, value] = [place(each), toNumber(each.values[objective])]
    return at !== null && Number.isFinite(value) ? [[at, value]] : []
  })
  points.sort((a, b) => a[0] - b[0])
  const [xs, ys] = [points.map(([at]) => at), points.map(([, value]) => value)]
  return { label: `Status quo (${statusQuo.name})`, x: xs, y: ys }
}

function emptyHistory(hasTarget: boolean, layer: unknown, filter: string): string | null {
  if (!hasTarget) return 'There is no objective and no numeric user attribute to draw a history of.'
  const points = layer as { ids: ArrayLike<number> } | undefined
  if (!points || points.ids.length) return null
  return filter
    ? 'No trial that the filter lets through has a value.'
    : 'No trial has a value yet. The history begins with the first one that finishes.'
}
