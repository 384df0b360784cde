import { useEffect, useRef, useState } from 'preact/hooks'
import { useQuery } from '../data/query'
import { windowOf } from '../logic/trials/selection'

/** A part of a long list, as the server sends it. */
export interface Part<R> {
  /** How many rows there are in all. */
  total: number
  /** The place of the first of `rows`. */
  offset: number
  rows: R[]
}

export interface Rows<R> {
  /** Undefined until the server has said so. */
  total: number | undefined
  /** By place in the list; those that were not in sight yet are missing. */
  rows: (R | undefined)[]
  error: Error | undefined
  loading: boolean
  reload(): void
}

interface Asked<R> {
  /** What tells this list from others. */
  list: string
  /** What tells apart answers about the same list: which columns they have. */
  details?: string | undefined
  live: number | 'all'
  /** At most once in so many milliseconds is loaded what changes. */
  quiet?: number | undefined
  load(offset: number, limit: number, signal: AbortSignal): Promise<Part<R>>
  /** A row of which some was known before. */
  join?: ((old: R, row: R) => R) | undefined
}

/** Rows of a long list around what is in sight, live; what was seen before stays at hand. */
export function useRows<R>({ list, details = '', live, quiet, load, join }: Asked<R>, first: number, last: number): Rows<R> {
  const window = windowOf(first, last)
  const [offset, limit] = useCalm(`${window.offset}/${window.limit}`).split('/').map(Number) as [number, number]
  const query = useQuery<{ list: string; part: Part<R> }>(
    `rows/${list}/${details}/${offset}/${limit}`,
    async (signal) => ({ list, part: await load(offset, limit, signal) }),
    { live, quiet },
  )
  const { data, error, loading, reload } = query
  const kept = useRef<{ list: string; part?: Part<R>; total?: number; rows: (R | undefined)[] }>({ list, rows: [] })
  if (data && data.list !== kept.current.list && data.list === list) kept.current = { list, rows: [] }
  const known = kept.current
  if (data && data.list === known.list && data.part !== known.part) {
    const { part } = data
    // Where rows came or went, the places of those that are not in this part are no longer known.
    const old = part.total === known.total ? known.rows : []
    known.part = part
    known.total = part.total
    known.rows = old.slice(0, part.total)
    part.rows.forEach((row, at) => {
      const place = part.offset + at
      const before = known.rows[place]
      known.rows[place] = before && join ? join(before, row) : row
    })
  }
  return { total: known.total, rows: known.rows, error, loading, reload }
}

const CALM = 70

/** The value, or an older one while it changes quickly: nobody reads what flies by. */
function useCalm<T>(value: T): T {
  const [calm, setCalm] = useState(value)
  const changed = useRef(0)
  useEffect(() => {
    if (value === calm) return undefined
    const wait = Math.max(0, changed.current + CALM - performance.now())
    changed.current = performance.now()
    const timer = setTimeout(() => setCalm(value), wait)
    return () => clearTimeout(timer)
  }, [value, calm])
  return calm
}
