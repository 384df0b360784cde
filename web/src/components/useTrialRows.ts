import { useRef } from 'preact/hooks'
import type { TrialPage, TrialRow } from '../data/api.gen'
import { useQuery } from '../data/query'
import { source } from '../data/source'
import { parseSort } from '../logic/trials/columns'
import { windowOf } from '../logic/trials/selection'

export interface TrialRows {
  /** How many trials there are; undefined until the server has said so. */
  total: number | undefined
  /** By place in the list; those that were not in sight yet are missing. */
  rows: (TrialRow | undefined)[]
  error: Error | undefined
  loading: boolean
  reload(): void
}

interface Asked {
  id: number
  filter: string
  /** The key of a column, with a minus sign before it for descending. */
  sort: string
  numbers?: number[] | undefined
}

/** Trials of a long list around what is in sight, live; what was seen before stays at hand. */
export function useTrialRows(asked: Asked, first: number, last: number): TrialRows {
  const { id, filter, sort, numbers } = asked
  const { key, descending } = parseSort(sort)
  const list = JSON.stringify([id, filter, sort, numbers])
  const { offset, limit } = windowOf(first, last)
  const load = async (signal: AbortSignal) => {
    const page = await source().trials(id, { filter, sort: key, descending, numbers, offset, limit }, signal)
    return { list, page }
  }
  const { data, error, loading, reload } = useQuery<{ list: string; page: TrialPage }>(
    `trials/${list}/${offset}/${limit}`,
    load,
    { live: id },
  )
  const kept = useRef<{ list: string; page?: TrialPage; total?: number; rows: (TrialRow | undefined)[] }>({ list, rows: [] })
  if (data && data.list !== kept.current.list && data.list === list) kept.current = { list, rows: [] }
  const known = kept.current
  if (data && data.list === known.list && data.page !== known.page) {
    const { page } = data
    known.page = page
    known.total = page.total
    known.rows.length = Math.min(known.rows.length, page.total)
    page.rows.forEach((row, place) => (known.rows[page.offset + place] = row))
  }
  return { total: known.total, rows: known.rows, error, loading, reload }
}
