import type { TrialRow } from '../data/api.gen'
import { source } from '../data/source'
import { parseSort } from '../logic/trials/columns'
import { type Rows, useRows } from './useRows'

interface Asked {
  id: number
  filter: string
  /** The key of a column, with a minus sign before it for descending. */
  sort: string
  numbers?: number[] | undefined
}

/** Trials of a long list around what is in sight. */
export function useTrialRows({ id, filter, sort, numbers }: Asked, first: number, last: number): Rows<TrialRow> {
  const { key, descending } = parseSort(sort)
  const list = `trials/${JSON.stringify([id, filter, sort, numbers])}`
  const load = (offset: number, limit: number, signal: AbortSignal) =>
    source().trials(id, { filter, sort: key, descending, numbers, offset, limit }, signal)
  return useRows<TrialRow>({ list, live: id, load }, first, last)
}
