import { useQuery, type Query } from '../../../data/query'
import { source } from '../../../data/source'
import type { RunComparison } from '../../../data/api.gen'
import { useRuns } from '../context'

/** So many of the selected runs are drawn; more lines nobody tells apart. */
export const MOST = 100

interface Chosen {
  ids: readonly number[]
  /** Whether somebody selected them. */
  selected: boolean
  /** Undefined as long as it is not known which. */
  comparison: Query<RunComparison>
  waiting: boolean
  error: Error | undefined
}

/** The selected runs; if none are, the first of the table in its order. */
export function useChosenRuns(first: number): Chosen {
  const { id, filter, sort, selection } = useRuns()
  const followed = id ?? 'all'
  const picked = [...selection.value].slice(0, MOST)
  const selected = picked.length > 0
  const asked = { experiment: id, filter, sort: sort.key, descending: sort.descending, columns: ['id'], limit: first }
  const top = useQuery(
    `runs/top/${JSON.stringify(asked)}`,
    (signal) => source().runPage(asked, signal),
    { live: followed, enabled: !selected, quiet: 3000 },
  )
  const ids = selected ? picked : (top.data?.ids ?? [])
  const comparison = useQuery(
    `runs/comparison/${ids.join()}`,
    (signal) => source().runComparison(ids, signal),
    { live: followed, enabled: ids.length > 0, quiet: 3000 },
  )
  return {
    ids,
    selected,
    comparison,
    waiting: (!selected && !top.data && !top.error) || (ids.length > 0 && !comparison.data && !comparison.error),
    error: top.error ?? comparison.error,
  }
}
