import { useMemo } from 'preact/hooks'
import { useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { runTable } from '../../../logic/charts/runColumns'
import { useRuns } from '../context'

/** More marks than these hide each other. */
const LIMIT = 5000

/** Columns of the runs that the filter lets through, live. */
export function useRunPoints(keys: readonly string[]) {
  const { id, filter } = useRuns()
  const columns = [...new Set(['number', 'name', ...keys])]
  const asked = { experiment: id, filter, columns, limit: LIMIT }
  const query = useQuery(`runs/points/${JSON.stringify(asked)}`, (signal) => source().runPoints(asked, signal), {
    live: id ?? 'all',
    quiet: 2000,
  })
  const there = query.data && columns.every((key) => key in query.data!.columns) ? query.data : undefined
  const table = useMemo(() => there && runTable(there), [there])
  return { ...query, data: there, table }
}
