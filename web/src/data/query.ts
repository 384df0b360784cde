import { useEffect, useRef } from 'preact/hooks'
import { live } from '../state/connection'
import { mergeColumns, patchable } from '../logic/mergeColumns'
import type { Columns } from './api.gen'
import { Cache, type Entry, type Load, type State } from './cache'
import { source, type ColumnsAsked } from './source'

export interface QueryOptions {
  /** Load again when this experiment changes, or any of them. */
  live?: number | 'all' | undefined
  enabled?: boolean | undefined
  /** At most once in so many milliseconds. */
  quiet?: number | undefined
}

export interface Query<T> extends State<T> {
  reload(): void
}

const cache = new Cache()

/**
 * An answer of the server, shared by all components that use the same key.
 *
 * While another key of the same component loads, the data of the last one stay, with `loading`.
 */
export function useQuery<T>(key: string, load: Load<T>, options: QueryOptions = {}): Query<T> {
  const { live: followed, enabled = true, quiet = 500 } = options
  const entry = cache.entry(key, load)
  entry.load = load
  const state = useEntry(entry, enabled)
  const last = useRef<T | undefined>(undefined)
  const told = useRef(false)
  if (state.data !== undefined) last.current = state.data

  useEffect(() => {
    if (!enabled || followed === undefined) return undefined
    return live.subscribe((changed) => {
      if (followed !== 'all' && changed !== 'all') {
        const { data } = entry.state.peek()
        if (!changed.has(followed) || isUpToDate(data, followed)) return
        told.current = data === undefined
        if (told.current) return // the first answer, under way, may know it already
      }
      entry.refreshSoon(quiet)
    })
  }, [entry, enabled, followed, quiet])
  useEffect(() => {
    if (!told.current || state.data === undefined || typeof followed !== 'number') return
    told.current = false
    if (!isUpToDate(state.data, followed)) entry.refreshSoon(quiet)
  }, [entry, state.data])

  const waiting = enabled && state.data === undefined && !state.error
  const data = state.data ?? (waiting ? last.current : undefined)
  return { ...state, data, loading: state.loading || waiting, reload: () => void entry.refresh() }
}

/** Milliseconds between two loads of what the server works out from so many trials. */
export function quietFor(trials: number): number {
  return Math.min(10_000, Math.max(500, trials / 10))
}

/** Whether the data say that they are of the version which is the latest that is known. */
function isUpToDate(data: unknown, followed: number): boolean {
  if (typeof data !== 'object' || data === null) return false
  const state = 'summary' in data ? (data.summary as object) : data
  const latest = live.version(followed)
  return latest > 0 && 'version' in state && Number(state.version) >= latest
}

function useEntry<T>(entry: Entry<T>, enabled: boolean): State<T> {
  useEffect(() => {
    if (!enabled) return undefined
    const release = entry.use()
    entry.ensure()
    return release
  }, [entry, enabled])
  return entry.state.value
}

/** Columns of trials, live: only what changed is asked for and merged by trial number. */
export function useColumns(
  id: number,
  names: string[],
  asked: Omit<ColumnsAsked, 'names' | 'since'> & { enabled?: boolean | undefined } = {},
): Query<Columns> {
  const { enabled, ...rest } = asked
  const all = names.includes('number') ? names : ['number', ...names]
  const key = `columns/${id}/${JSON.stringify([all, rest])}`
  const load: Load<Columns> = async (signal, old) => {
    const whole = () => source().columns(id, { ...rest, names: all }, signal)
    if (!old || !patchable(all, old, rest.filter) || isCrowded(old, rest.limit)) return whole()
    const news = await source().columns(id, { ...rest, names: all, since: old.version }, signal)
    return mergeColumns(old, news) ?? whole()
  }
  return useQuery(key, load, { live: id, enabled })
}

/** Whether so many trials came to a sample since that it should be drawn anew. */
function isCrowded(old: Columns, limit = 2000): boolean {
  return old.sampled && (old.columns.number?.values.length ?? 0) > 1.25 * limit
}
