import type { Counts, RunColumn, RunGroup } from '../../data/api.gen'
import type { RunSort } from './address'
import { isNumeric } from './cells'
import { isLink } from './columns'
import { type Sent, toNumber } from '../format'
import { STATUSES } from '../statuses'

/** Runs by status, of groups by status. */
export function countsOf(groups: readonly RunGroup[]): Counts {
  const counts = { total: 0, PLANNED: 0, RUNNING: 0, COMPLETED: 0, PRUNED: 0, FAILED: 0, CANCELLED: 0, other: 0 }
  for (const { value, count } of groups) {
    counts.total += count
    counts[STATUSES.find((status) => status === value) ?? 'other'] += count
  }
  return counts
}

/** What groups are put in order by, of the column that the table is sorted by. */
export const MEASURES = ['best', 'mean', 'low', 'high'] as const
export type Measure = (typeof MEASURES)[number]

/** One figure of a group: the best of a metric is its least or greatest, of other columns it is the mean. */
export function figureOf(group: RunGroup, key: string, column: RunColumn | undefined, measure: Measure): RunGroup['means'][string] | undefined {
  const best = column && hasBest(column) ? (column.lower_is_better ? group.lows : group.highs) : group.means
  return { best, mean: group.means, low: group.lows, high: group.highs }[measure][key]
}

/** Groups as the table is sorted; those that have nothing in its column come last, the larger ones first. */
export function sortedGroups(groups: readonly RunGroup[], sort: RunSort, by: string, measure: Measure, columns: readonly RunColumn[] = []): RunGroup[] {
  const column = columns.find(({ key }) => key === sort.key)
  const of = (group: RunGroup): unknown => (sort.key === by ? group.value : figureOf(group, sort.key, column, measure))
  if (!groups.some((group) => isSome(of(group)))) return [...groups]
  return [...groups].sort((a, b) => {
    const [x, y] = [of(a), of(b)]
    if (!isSome(x) || !isSome(y)) return Number(isSome(y)) - Number(isSome(x))
    return compared(x, y) * (sort.descending ? -1 : 1) || b.count - a.count
  })
}

const isSome = (value: unknown): value is {} => value !== null && value !== undefined && value !== 'nan'

function compared(x: unknown, y: unknown): number {
  const [a, b] = [toNumber(x as Sent), toNumber(y as Sent)]
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b
  return String(x).localeCompare(String(y), undefined, { numeric: true })
}

/** The best value of each column of metrics or objectives, over all groups. */
export function bestOf(groups: readonly RunGroup[], columns: readonly RunColumn[]): Map<string, number> {
  const best = new Map<string, number>()
  for (const { key, lower_is_better: isLower } of columns.filter(hasBest)) {
    const values = groups.map((group) => toNumber((isLower ? group.lows : group.highs)[key])).filter((value) => !Number.isNaN(value))
    if (values.length) best.set(key, isLower ? Math.min(...values) : Math.max(...values))
  }
  return best
}

const BEST = /^(best|last|min|max|mean|value):?/

export const hasBest = ({ key, kind }: RunColumn): boolean => kind === 'number' && BEST.test(key)

/** Whether groups have means of a column. */
export const isSummary = (column: RunColumn | undefined): boolean =>
  column !== undefined && isNumeric(column.kind) && !isLink(column.key)
