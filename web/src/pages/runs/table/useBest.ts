import { useMemo, useRef } from 'preact/hooks'
import { quietFor, useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { bestOf, hasBest } from '../../../logic/runs/groups'
import type { Shown } from '../../../logic/runs/columns'
import { useRuns } from '../context'

/** The best value of each shown metric, of all runs that the filter lets through. */
export function useBest(columns: readonly Shown[], isBusy: boolean): ReadonlyMap<string, number> {
  const { id, filter: wanted, catalogue } = useRuns()
  // Rows come first: what is best among them is worked out when they are there.
  const settled = useRef<string | undefined>(undefined)
  if (!isBusy) settled.current = wanted
  const filter = settled.current
  const keys = columns.filter(hasBest).map(({ key }) => key)
  const { data } = useQuery(
    `runs/${id ?? 'all'}/best/${JSON.stringify([filter, keys])}`,
    (s) => source().runGroups({ experiment: id, filter, by: 'experiment', columns: keys, limit: 1000 }, s),
    { live: id ?? 'all', enabled: filter !== undefined && keys.length > 0 && catalogue.total > 1, quiet: quietFor(catalogue.total) },
  )
  return useMemo(() => bestOf(data?.groups ?? [], columns), [data, keys.join()])
}
