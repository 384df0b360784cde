import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Select } from '../../components'
import { useColumns } from '../../data/query'
import { objectiveDimensions } from '../../logic/charts/axis'
import { rankScene } from '../../logic/charts/slice'
import { tipOf } from '../overview/tip'
import { useTable, useTrialActions } from '../overview/useTrials'
import { useStudy } from '../study/context'
import { why } from './ContourCard'
import { options, useDimension, useParams } from './useParams'

export function RankCard() {
  const { study, filter } = useStudy()
  const params = useParams(study)
  const objectives = objectiveDimensions(study)
  const [objective, setObjective] = useDimension('rank.target', objectives, 0)
  const [x, setX] = useDimension('rank.x', params, 0)
  const [y, setY] = useDimension('rank.y', params, 1)
  const place = objective ? objectives.indexOf(objective) : 0
  const enabled = params.length > 1 && x !== y && objective !== undefined
  const names = ['number', 'status', 'feasible', x?.column ?? '', y?.column ?? '', `rank:${place}`]
  const { data, error, loading, reload } = useColumns(study.id, names, {
    filter,
    limit: 3000,
    objective: place,
    enabled,
  })
  const table = useTable(data)
  const { open, select, selected } = useTrialActions()
  const scene = useMemo(
    () =>
      table && x && y && objective && table.has(x.column) && table.has(y.column)
        ? rankScene(table, { x, y, objective: place, label: objective.label })
        : null,
    [table, x, y, place],
  )
  const points = scene?.layers[0]
  const controls = (
    <>
      {objectives.length > 1 && objective && (
        <Select
          label="Objective"
          value={objective.label}
          options={options(objectives)}
          onChange={setObjective}
        />
      )}
      {x && <Select label="x" value={x.label} options={options(params)} onChange={setX} />}
      {y && <Select label="y" value={y.label} options={options(params)} onChange={setY} />}
    </>
  )
  return (
    <SceneCard
      title="Rank"
      class="half"
      controls={controls}
      scene={scene}
      waiting={enabled && !scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        why(params.length, x === y, objective !== undefined) ??
        (points?.kind === 'points' && points.ids.length === 0
          ? 'No trial has a value and both parameters yet.'
          : null)
      }
      height={330}
      onPick={open}
      onSelect={select}
      selected={selected}
      tooltip={tipOf}
    />
  )
}
