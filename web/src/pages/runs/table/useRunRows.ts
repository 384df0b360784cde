import { useRows, type Rows } from '../../../components/useRows'
import type { RunPage } from '../../../data/api.gen'
import { quietFor } from '../../../data/query'
import { source } from '../../../data/source'
import { pageAsked } from '../../../logic/runs/asked'
import type { RunSort } from '../../../logic/runs/address'

/** A run with those of its cells that are known. */
export interface RunCells {
  id: number
  cells: Record<string, unknown>
}

interface Asked {
  id: number | undefined
  filter: string
  sort: RunSort
  keys: readonly string[]
  /** How many runs there are: putting many in order takes the server a while. */
  count: number
}

/** The rows of an answer by columns. */
export const rowsOf = ({ ids, columns }: RunPage): RunCells[] =>
  ids.map((id, at) => ({ id, cells: Object.fromEntries(Object.entries(columns).map(([key, values]) => [key, values[at]])) }))

/** Runs around what is in sight. */
export function useRunRows(asked: Asked, first: number, last: number): Rows<RunCells> {
  const { id, filter, sort, keys } = asked
  const load = async (offset: number, limit: number, signal: AbortSignal) => {
    const page = await source().runPage({ ...pageAsked(asked), offset, limit }, signal)
    return { total: page.total, offset: page.offset, rows: rowsOf(page) }
  }
  const list = `runs/${JSON.stringify([id, filter, sort])}`
  return useRows({ list, details: keys.join(), live: id ?? 'all', quiet: quietFor(asked.count / 5), load, join: joined }, first, last)
}

/** A run that was at the same place keeps the cells that were not asked for this time. */
const joined = (old: RunCells, row: RunCells): RunCells =>
  old.id === row.id ? { id: row.id, cells: { ...old.cells, ...row.cells } } : row
