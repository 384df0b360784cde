import { signal } from '@preact/signals'
import { read, write } from '../../state/store'

export interface Ran {
  query: string
  /** When, in milliseconds since 1970. */
  at: number
  rows: number
  seconds: number
}

const NAME = 'runbase.sql.history'
const MOST = 100

function load(): Ran[] {
  try {
    const found: unknown = JSON.parse(read(NAME) ?? '[]')
    return Array.isArray(found) ? found.filter(isRan) : []
  } catch {
    return []
  }
}

const isRan = (entry: unknown): entry is Ran =>
  typeof entry === 'object' && entry !== null && 'query' in entry && typeof entry.query === 'string'

/** Queries that ran in this browser, the last one first. */
export const ran = signal<Ran[]>(load())

/** Remember a query; one that ran before moves to the front. */
export function remember(entry: Ran): void {
  const others = ran.value.filter(({ query }) => query !== entry.query)
  ran.value = [entry, ...others].slice(0, MOST)
  write(NAME, JSON.stringify(ran.value))
}

export function forget(): void {
  ran.value = []
  write(NAME, '[]')
}

/** Those that contain all words. */
export function search(entries: readonly Ran[], text: string): Ran[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return entries.filter(({ query }) => words.every((word) => query.toLowerCase().includes(word)))
}
