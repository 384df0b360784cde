import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select } from '../../components'
import { useColumns, useQuery } from '../../data/query'
import { source } from '../../data/source'
import { targets } from '../../logic/charts/axis'
import { contourScene } from '../../logic/charts/contour'
import { finished } from '../../logic/charts/finished'
import { useUrlState } from '../../logic/urlState'
import { tipOf } from '../overview/tip'
import { useTable, useTrialActions } from '../overview/useTrials'
import { useStudy } from '../study/context'
import { options, useDimension, useParams } from './useParams'

const QUIET = 3000

export function ContourCard() {
  const { study, filter } = useStudy()
  const params = useParams(study)
  const dimensions = targets(study)
  const [target, setTarget] = useDimension('contour.target', dimensions, 0)
  const [param] = useUrlState('param', '')
  const first = Math.max(
    0,
    params.findIndex(({ label }) => label === param),
  )
  const [x, setX] = useDimension('contour.x', params, first)
  const [y, setY] = useDimension('contour.y', params, first === 1 ? 0 : 1)
  const [points, setPoints] = useUrlState('contour.points', '1')
  const enabled = params.length > 1 && x !== y && target !== undefined
  const asked = { x: x?.column ?? '', y: y?.column ?? '', target: target?.column ?? '', filter }
  const { data, error, loading, reload } = useQuery(
    `contour/${study.id}/${JSON.stringify(asked)}`,
    async (signal) => ({ asked, grid: await source().contour(study.id, asked, signal) }),
    { live: study.id, quiet: QUIET, enabled },
  )
  const columns = useColumns(study.id, ['number', asked.x, asked.y, asked.target], {
    filter: finished(filter),
    limit: 1500,
    enabled: enabled && points === '1',
  })
  const table = useTable(columns.data)
  const current = data?.asked.x === asked.x && data.asked.y === asked.y
  const { open, select, selected } = useTrialActions()
  const scene = useMemo(
    () =>
      data && current && x && y && target
        ? contourScene(
            data.grid,
            points === '1' && table?.has(x.column) && table.has(y.column) ? table : null,
            x,
            y,
            target.label,
          )
        : null,
    [data, current, table, points, x, y, target?.label],
  )
  const controls = (
    <>
      {dimensions.length > 1 && target && (
        <Select
          label="Objective"
          value={target.label}
          options={options(dimensions)}
          onChange={setTarget}
        />
      )}
      {x && <Select label="x" value={x.label} options={options(params)} onChange={setX} />}
      {y && <Select label="y" value={y.label} options={options(params)} onChange={setY} />}
      <Checkbox
        label="Trials"
        checked={points === '1'}
        onChange={(on) => setPoints(on ? '1' : '')}
      />
    </>
  )
  const grid = data?.grid.z
  return (
    <SceneCard
      title="Contour"
      class="half"
      controls={controls}
      scene={scene}
      waiting={enabled && !scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        why(params.length, x === y, target !== undefined) ??
        (grid?.length === 0 ? 'No trial has a value and both parameters yet.' : null)
      }
      height={330}
      onPick={open}
      onSelect={select}
      selected={selected}
      tooltip={tipOf}
    />
  )
}

export function why(params: number, same: boolean, target: boolean): string | null {
  if (!target) return 'There is no objective and no numeric user attribute to draw.'
  if (params < 2) return 'This needs trials with at least two parameters.'
  return same ? 'Choose two different parameters.' : null
}
