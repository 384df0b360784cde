import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import type { Hit } from '../../charts/hits'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select } from '../../components'
import type { Study } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { axisText } from '../../logic/charts/axisText'
import { idColumns, type Dimension } from '../../logic/charts/axis'
import { comparedHistory } from '../../logic/charts/compare'
import { HISTORY_X, type HistoryX } from '../../logic/charts/history'
import type { Scene } from '../../logic/charts/scene'
import { Table } from '../../logic/charts/table'
import { useUrlState } from '../../logic/urlState'
import { Pairs } from '../overview/TrialTip'

const LIMIT = 1500

interface Props {
  studies: Study[]
  objective: Dimension
  controls: ComponentChildren
}

export function ComparedHistory({ studies, objective, controls }: Props) {
  const [x, setX] = useUrlState('x', 'number')
  const [log, setLog] = useUrlState('log', '')
  const [pruned, setPruned] = useUrlState('pruned', '1')
  const [, go] = useLocation()
  const k = Number(objective.column.slice(6))
  const ids = studies.map(({ id }) => id)
  const names = [
    ...idColumns(...studies),
    'status',
    'feasible',
    ...(x === 'number' ? [] : [x]),
    `value:${k}`,
    `best:${k}`,
  ]
  const load = (signal: AbortSignal) =>
    Promise.all(
      ids.map((id) => source().columns(id, { names, limit: LIMIT, objective: k }, signal)),
    )
  const { data, error, loading, reload } = useQuery(
    `compared/${ids.join()}/${names.join()}`,
    load,
    { live: 'all', quiet: 2000 },
  )
  const titles = unique(studies)
  const scene = useMemo(() => {
    if (data?.length !== ids.length) return null
    const tables = data.map((columns, i) => ({ name: titles[i]!, table: new Table(columns) }))
    return comparedHistory(tables, {
      target: objective.column,
      label: objective.label,
      x: x as HistoryX,
      log: log === '1',
      pruned: pruned === '1',
      direction: studies[0]!.directions[k],
    })
  }, [data, titles.join(), objective.column, x, log, pruned])
  const open = (number: number, hit: Hit) => {
    const study = studies[('group' in hit.layer && hit.layer.group) || 0]!
    go(`/studies/${study.id}/trials?numbers=${number}`)
  }
  return (
    <SceneCard
      title="History"
      class="two-thirds"
      controls={
        <>
          {controls}
          <Select label="x axis" value={x as HistoryX} options={HISTORY_X} onChange={setX} />
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
      }
      scene={scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      height={400}
      onPick={open}
      tooltip={tip}
    />
  )
}

function tip(hit: Hit, scene: Scene) {
  const { layer, index } = hit
  if (layer.kind !== 'points' && layer.kind !== 'line') return null
  const name = layer.kind === 'points' ? layer.of : layer.label
  return (
    <>
      <div class="tip-head">{name}</div>
      <Pairs
        pairs={[
          ...(hit.id === null ? [] : [[hit.id < 0 ? 'Arm' : 'Trial', String(hit.id)] as [string, string]]),
          [scene.x.label, axisText(scene.x, layer.x[index]!)],
          [scene.y.label, axisText(scene.y, layer.y[index]!)],
        ]}
      />
    </>
  )
}

/** Studies of several kinds can have the same name: then the number tells them apart. */
export function unique(studies: readonly Study[]): string[] {
  return studies.map(({ id, name }) =>
    studies.filter((other) => other.name === name).length > 1 ? `${name} (${id})` : name,
  )
}
