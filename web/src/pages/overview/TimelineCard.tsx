import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select } from '../../components'
import { useColumns } from '../../data/query'
import { timelineScene } from '../../logic/charts/timeline'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { tipOf } from './tip'
import { useTable, useTrialActions } from './useTrials'

const LAST = ['100', '500', '2000'].map((value) => ({ value, label: `last ${value}` }))

export function TimelineCard() {
  const { study, filter } = useStudy()
  const [last, setLast] = useUrlState('timeline.last', '100')
  const [packed, setPacked] = useUrlState('timeline.packed', '')
  const { data, error, loading, reload } = useColumns(
    study.id,
    ['number', 'status', 'start', 'finish'],
    { filter, limit: Number(last), sample: 'latest' },
  )
  const table = useTable(data)
  const { open, selected } = useTrialActions()
  const scene = useMemo(
    () => table && timelineScene(table, { packed: packed === '1', now: Date.now() }),
    [table, packed],
  )
  const bars = scene?.layers[0]
  const controls = (
    <>
      <Select label="Trials" hideLabel value={last} options={LAST} onChange={setLast} />
      <Checkbox
        label="Packed"
        checked={packed === '1'}
        onChange={(on) => setPacked(on ? '1' : '')}
      />
    </>
  )
  return (
    <SceneCard
      title="Timeline"
      class="half"
      controls={controls}
      scene={scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={bars?.kind === 'bars' && bars.ids.length === 0 ? 'No trial has started yet.' : null}
      height={300}
      onPick={open}
      selected={selected}
      tooltip={tipOf}
      pan
    />
  )
}
