import { useMemo, useRef } from 'preact/hooks'
import type { RunColumn, RunGroup, RunGroups } from '../../../data/api.gen'
import { type Query, useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { isSummary } from '../../../logic/runs/groups'
import { useRuns } from '../context'

export const idOf = ({ value }: Pick<RunGroup, 'value'>): string => JSON.stringify(value)

/**
 * Groups of the runs that the filter lets through.
 *
 * Their sizes are there at once; means and ranges, which take the server longer, follow for the
 * columns that are asked for, and stay when others are.
 */
export function useGroups(by: string, columns: readonly RunColumn[], quiet: number): Query<RunGroups> {
  const { id, filter } = useRuns()
  const list = JSON.stringify([id, filter, by])
  const keys = [...new Set(columns.filter(isSummary).map(({ key }) => key))].sort()
  const options = { live: id ?? ('all' as const), quiet }
  const load = (wanted: readonly string[]) => async (signal: AbortSignal) => ({
    list,
    ...(await source().runGroups({ experiment: id, filter, by, columns: wanted }, signal)),
  })
  const sizes = useQuery(`groups/${list}`, load([]), options)
  const sums = useQuery(`groups/${list}/${keys.join()}`, load(keys), { ...options, enabled: keys.length > 0 })
  const known = useRef<{ list: string; sums: Map<string, RunGroup> }>({ list, sums: new Map() })
  const data = useMemo(() => {
    if (known.current.list !== list) known.current = { list, sums: new Map() }
    const all = known.current.sums
    if (sums.data?.list === list) for (const group of sums.data.groups) all.set(idOf(group), joined(all.get(idOf(group)), group))
    return sizes.data && { ...sizes.data, groups: sizes.data.groups.map((group) => joined(all.get(idOf(group)), group)) }
  }, [sizes.data, sums.data, list])
  return { ...sizes, data, error: sizes.error ?? sums.error, loading: sizes.loading || sums.loading }
}

const joined = (old: RunGroup | undefined, group: RunGroup): RunGroup => ({
  ...group,
  means: { ...old?.means, ...group.means },
  lows: { ...old?.lows, ...group.lows },
  highs: { ...old?.highs, ...group.highs },
})
