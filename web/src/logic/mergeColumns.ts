import type { Column, Columns } from '../data/api.gen'
import { toNumber } from './format'

type Values = Column['values']

/** Whether changes of some trials are all that there is to ask: ranks and fronts of all move. */
export function patchable(names: string[], old: Columns, filter: string | undefined): boolean {
  if (names.some((name) => name.startsWith('rank:') || name === 'front')) return false
  // Of a sample nobody knows which trials have left the filter.
  return !(filter && old.sampled)
}

/**
 * The columns with the changed trials in them, in the order of their numbers; undefined if they
 * cannot be put together, so that all have to be asked for.
 */
export function mergeColumns(old: Columns, news: Columns): Columns | undefined {
  if (news.complete) return news
  const before = numbersOf(old)
  const changed = numbersOf(news)
  if (!before || !changed) return undefined
  const head = { version: news.version, total: news.total, complete: true }
  if (changed.length === 0) {
    const gone = !old.sampled && before.length !== news.total
    return gone ? undefined : { ...old, ...head }
  }
  const places = merged(before, changed)
  const sampled = old.sampled || news.sampled
  if (!sampled && places.length !== news.total) return undefined
  const columns: Record<string, Column> = {}
  for (const [name, column] of Object.entries(old.columns)) {
    const other = news.columns[name]
    if (!other) return undefined
    columns[name] = mergeColumn(column, other, places)
    if (name.startsWith('best:')) carryBest(columns[name].values, column.values, places)
  }
  return { ...head, sampled, columns }
}

/** A row of the result: its place among the old rows or, if it is at least 0, the new ones. */
type Place = [old: number, news: number]

function merged(before: number[], changed: number[]): Place[] {
  const places: Place[] = []
  let [i, j] = [0, 0]
  while (i < before.length || j < changed.length) {
    const [a, b] = [before[i] ?? Infinity, changed[j] ?? Infinity]
    places.push([a <= b ? i : -1, b <= a ? j : -1])
    if (a <= b) i += 1
    if (b <= a) j += 1
  }
  return places
}

function mergeColumn(old: Column, news: Column, places: Place[]): Column {
  const labels = old.labels || news.labels ? [...(old.labels ?? [])] : null
  const relabel = labels && news.labels?.map((label) => placeOf(labels, label))
  const values = places.map(([i, j]) => {
    if (j < 0) return old.values[i] ?? null
    const value = news.values[j] ?? null
    return relabel && typeof value === 'number' ? (relabel[value] ?? null) : value
  })
  return { values, labels }
}

function placeOf(labels: string[], label: string): number {
  const place = labels.indexOf(label)
  return place >= 0 ? place : labels.push(label) - 1
}

/** An older trial that became the best changes the best so far of all after it, up to a better. */
function carryBest(values: Values, old: Values, places: Place[]): void {
  const sign = improvementSign(old) || improvementSign(values)
  let best: Values[number] = null
  places.forEach(([, j], row) => {
    const value = values[row] ?? null
    if (value === null) {
      if (j < 0) values[row] = best
    } else if (best !== null && (toNumber(best) - toNumber(value)) * sign > 0) values[row] = best
    else best = value
  })
}

function improvementSign(values: Values): number {
  const known = values.filter((value) => value !== null).map(toNumber)
  return Math.sign((known.at(-1) ?? 0) - (known[0] ?? 0)) || 0
}

function numbersOf(columns: Columns): number[] | undefined {
  return columns.columns.number?.values as number[] | undefined
}
