import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox } from '../../components'
import type { Study } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import type { Dimension } from '../../logic/charts/axis'
import { edfScene } from '../../logic/charts/edf'
import { useUrlState } from '../../logic/urlState'
import { tipOf } from '../overview/tip'
import { unique } from './ComparedHistory'

export function ComparedEdf({ studies, objective }: { studies: Study[]; objective: Dimension }) {
  const [log, setLog] = useUrlState('edf.log', '')
  const [pruned] = useUrlState('pruned', '1')
  const ids = studies.map(({ id }) => id)
  const { column, label } = objective
  const filter = pruned === '1' ? '' : 'status != pruned'
  const load = (signal: AbortSignal) =>
    Promise.all(ids.map((id) => source().edf(id, { target: column, filter }, signal)))
  const { data, error, loading, reload } = useQuery(
    `compared-edf/${ids.join()}/${column}/${filter}`,
    load,
    { live: 'all', quiet: 2000 },
  )
  const names = unique(studies)
  const scene = useMemo(
    () =>
      data?.length === ids.length
        ? edfScene(
            data.map((edf, i) => ({ name: names[i]!, edf })),
            label,
            log === '1',
          )
        : null,
    [data, names.join(), label, log],
  )
  return (
    <SceneCard
      title="Empirical distribution (EDF)"
      class="third"
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
      height={400}
      tooltip={tipOf}
    />
  )
}
