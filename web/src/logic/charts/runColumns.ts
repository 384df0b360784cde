import type { RunCatalogue, RunColumn, RunPoints } from '../../data/api.gen'
import type { Dimension } from './axis'
import { isWide } from './palette'
import { extent } from './scale'
import { spearman } from './spearman'
import { Table } from './table'

const FIRST = 4
/** So many arguments are looked at for what they do. */
export const LOOKED_AT = 40
const CHECKED = /(^|[^a-z])(val|valid|validation|test|eval|dev)([^a-z]|$)/i

/** The metrics that are shown until somebody chooses others: those of validation in front. */
export function mainMetrics(metrics: readonly string[]): string[] {
  const checked = metrics.filter((name) => CHECKED.test(name))
  const wanted = new Set([...checked, ...metrics].slice(0, FIRST))
  return metrics.filter((name) => wanted.has(name))
}

/** The column by which runs are good or bad: the objective, or the best of the first metric. */
export function mainColumn(catalogue: RunCatalogue): RunColumn | undefined {
  const [first] = mainMetrics(catalogue.metrics)
  const metric = catalogue.metrics.find((name) => CHECKED.test(name)) ?? first
  const keys = ['value', `best:${metric}`]
  return keys.flatMap((key) => catalogue.columns.find((column) => column.key === key) ?? [])[0]
}

/** What runs can be drawn by; tags and documents have no place on an axis. */
export function drawnColumns(catalogue: RunCatalogue): RunColumn[] {
  return catalogue.columns.filter(({ kind }) => kind !== 'tags' && kind !== 'document')
}

/** A column's name among all others. */
export function columnLabel({ key, label, group }: RunColumn): string {
  if (group === 'run' || group === 'args') return label
  return group === 'metrics' ? key.replace(':', ' ') : key
}

/** Points of runs as a table; the column `id` has the ids. */
export function runTable({ ids, total, sampled, columns }: RunPoints): Table {
  return new Table({
    version: 0,
    total,
    sampled,
    complete: true,
    columns: { number: { values: ids, labels: null }, ...columns, id: { values: ids, labels: null } },
  })
}

/** How a column is an axis; arguments that reach over powers of ten are on a logarithmic one. */
export function dimensionOf(table: Table, column: RunColumn): Dimension {
  const labels = table.labels(column.key)
  const values = labels ? [] : table.get(column.key)
  const range = extent([values])
  const wide = column.group === 'args' && range !== null && isWide(...range)
  return {
    column: column.key,
    label: columnLabel(column),
    log: wide,
    labels,
    integer: !labels && column.kind !== 'duration' && values.length > 0 && isWhole(values),
    inAll: true,
    time: column.kind === 'time',
  }
}

function isWhole(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isNaN(value) && !Number.isInteger(value)) return false
  }
  return true
}

/** "2,000 of 100,000 runs are drawn", if some were left out. */
export function sampleNote({ ids, total, sampled }: RunPoints): string[] {
  if (!sampled) return []
  const [shown, all] = [ids.length.toLocaleString('en'), total.toLocaleString('en')]
  return [`${shown} of ${all} runs are drawn, evenly from the oldest to the newest.`]
}

/** The columns whose values are not the same in all rows that have one. */
export function varying(table: Table, columns: readonly RunColumn[]): RunColumn[] {
  return columns.filter(({ key }) => new Set(table.get(key).filter((value) => !Number.isNaN(value))).size > 1)
}

/** The number column by whose order the rows are most nearly in that of another, or the first. */
export function mostRelated(table: Table, columns: readonly RunColumn[], key: string): RunColumn | undefined {
  const numbers = columns.filter((column) => table.has(column.key) && !table.labels(column.key))
  const strength = new Map(numbers.map((column) => [column, Math.abs(spearman(table.get(column.key), table.get(key))) || 0]))
  return numbers.toSorted((a, b) => strength.get(b)! - strength.get(a)!)[0]
}
