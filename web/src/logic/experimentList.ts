import type { ExperimentRow } from '../data/api.gen'
import { toNumber } from './format'
import { runsPath } from './runs/address'

export interface Wanted {
  words: string
  kinds: readonly string[]
  tags: readonly string[]
}

/** What people call a kind of experiment. */
export function kindOf(row: Pick<ExperimentRow, 'kind' | 'is_preferential'>): string {
  if (row.is_preferential) return 'Preferential'
  return KINDS[row.kind] ?? row.kind
}

const KINDS: Record<string, string> = { optuna: 'Study', ax: 'Ax', tracking: 'Tracking' }

/** What people call the tries of an experiment. */
export const triesOf = ({ kind }: Pick<ExperimentRow, 'kind'>): string => (kind === 'tracking' ? 'runs' : 'trials')

/** Where the pages of an experiment are: tracked runs have a table of their own. */
export const pathOf = ({ id, kind }: Pick<ExperimentRow, 'id' | 'kind'>): string =>
  kind === 'tracking' ? runsPath(id) : `/studies/${id}`

/** Experiments of one of the kinds, with all of the tags, whose texts have all of the words. */
export function filtered(rows: readonly ExperimentRow[], wanted: Wanted): ExperimentRow[] {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter((row) => {
    if (wanted.kinds.length && !wanted.kinds.includes(kindOf(row))) return false
    if (!wanted.tags.every((tag) => row.tags.includes(tag))) return false
    const text = [row.name, ...row.tags, row.comment ?? ''].join('\n').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

export const SORTS = {
  name: 'Name',
  kind: 'Kind',
  trials: 'Trials, runs',
  best: 'Best value',
  running: 'Running',
  activity: 'Last activity',
  created: 'Created',
  tags: 'Tags',
} as const
export type Sort = keyof typeof SORTS

type Key = string | number

const KEYS: Record<Sort, (row: ExperimentRow) => Key> = {
  name: (row) => row.name,
  kind: kindOf,
  trials: (row) => row.counts.total,
  best: (row) => toNumber(row.best),
  running: (row) => row.counts.RUNNING,
  activity: (row) => row.last_activity ?? NaN,
  created: (row) => row.time_created,
  tags: (row) => row.tags.join(', '),
}

/** What a header that is clicked sorts by first: texts from A, numbers from the largest. */
export const startsDescending = (sort: Sort) => !['name', 'kind', 'tags'].includes(sort)

/** Sort as in a URL: `name`, or `-activity` for the largest first. */
export function parseSort(text: string): { sort: Sort; descending: boolean } {
  const name = text.replace(/^-/, '')
  if (name in SORTS) return { sort: name as Sort, descending: text.startsWith('-') }
  return { sort: 'created', descending: true }
}

/** In the order of a sort; those that have nothing to sort by come last either way. */
export function sorted(rows: readonly ExperimentRow[], text: string): ExperimentRow[] {
  const { sort, descending } = parseSort(text)
  const key = KEYS[sort]
  return [...rows].sort((a, b) => compare(key(a), key(b), descending) || b.id - a.id)
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

function compare(a: Key, b: Key, descending: boolean): number {
  const [noneA, noneB] = [isNone(a), isNone(b)]
  if (noneA || noneB) return Number(noneA) - Number(noneB)
  const order = typeof a === 'string' ? collator.compare(a, String(b)) : a === b ? 0 : a - Number(b)
  return descending ? -order : order
}

const isNone = (key: Key) => key === '' || Number.isNaN(key)

/** The texts of all rows with how many rows have them, the most frequent first. */
export function frequencies(texts: readonly string[]): [text: string, count: number][] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].sort(([a, n], [b, m]) => m - n || collator.compare(a, b))
}

/** With or without an item. */
export function toggled<T>(items: Iterable<T>, item: T): T[] {
  const all = [...items]
  return all.includes(item) ? all.filter((one) => one !== item) : [...all, item]
}
