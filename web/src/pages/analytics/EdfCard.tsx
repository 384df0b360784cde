import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox } from '../../components'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { edfScene } from '../../logic/charts/edf'
import type { Dimension } from '../../logic/charts/axis'
import { useUrlState } from '../../logic/urlState'
import { tipOf } from '../overview/tip'
import { useStudy } from '../study/context'

/** How many of the trials are at least as low as each value. */
export function EdfCard({ objective }: { objective: Dimension }) {
  const { study, filter } = useStudy()
  const [log, setLog] = useUrlState('edf.log', '')
  const { column, label } = objective
  const { data, error, loading, reload } = useQuery(
    `edf/${study.id}/${column}/${filter}`,
    (signal) => source().edf(study.id, { target: column, filter }, signal),
    { live: study.id, quiet: 1000 },
  )
  const scene = useMemo(
    () => (data ? edfScene([{ name: study.name, edf: data }], label, log === '1') : null),
    [data, label, log],
  )
  return (
    <SceneCard
      title={
        study.directions.length > 1 ? `Distribution of ${label}` : 'Empirical distribution (EDF)'
      }
      class="half"
      controls={
        <Checkbox
          label="Log x scale"
          checked={log === '1'}
          onChange={(on) => setLog(on ? '1' : '')}
        />
      }
      scene={scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={data?.total === 0 ? 'No trial has a value yet.' : null}
      height={330}
      tooltip={tipOf}
    />
  )
}
