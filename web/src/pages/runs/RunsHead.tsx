import { useEffect, useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { StateBar, StateCounts } from '../../components/StateBar'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { kindOf } from '../../logic/experimentList'
import { formatCount } from '../../logic/format'
import { countsOf } from '../../logic/runs/groups'
import { useRuns } from './context'

/** The experiment in a line: its name and kind, and how many runs have each status. */
export function RunsHead({ quiet }: { quiet: number }) {
  const { id, catalogue, filter } = useRuns()
  const { kind, total } = catalogue
  const asked = useLater(filter)
  const { data } = useQuery(
    `runs/${id ?? 'all'}/statuses/${asked}`,
    (s) => source().runGroups({ experiment: id, filter: asked, by: 'status', columns: [] }, s),
    { live: id ?? 'all', quiet, enabled: catalogue.is_complete },
  )
  const counts = data && countsOf(data.groups)
  return (
    <header class="runs-head">
      <h1>{catalogue.experiment ?? 'All runs'}</h1>
      {kind && <span class="chip">{kindOf({ kind, is_preferential: false })}</span>}
      {kind && kind !== 'tracking' && (
        <Link href={`/studies/${id}`} class="small">
          {kind === 'ax' ? 'Pages of the experiment' : 'Pages of the study'}
        </Link>
      )}
      <span class="muted" role="status">
        {filter && counts && asked === filter ? `${formatCount(counts.total)} of ` : ''}
        {formatCount(total)} run{total === 1 ? '' : 's'}
      </span>
      {counts && (
        <span class="runs-states">
          <StateBar counts={counts} />
          <StateCounts counts={counts} />
        </span>
      )}
    </header>
  )
}

const LATER = 400

/** The value some moments later: rows come first, and have the server to themselves. */
function useLater<T>(value: T): T {
  const [later, setLater] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setLater(() => value), LATER)
    return () => clearTimeout(timer)
  }, [value])
  return later
}
