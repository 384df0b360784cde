import type { SqlColumn, SqlResult } from '../../data/api.gen'
import { toCsv } from '../charts/csv'

export type Cell = string | number | null
export type Grid = Pick<SqlResult, 'columns'> & { rows: Cell[][] }

/** A cell as a number: numbers that JSON has not, and long ones, come as text. */
export function numberOf(cell: Cell | undefined): number {
  if (cell === 'inf') return Infinity
  if (cell === '-inf') return -Infinity
  return cell === null || cell === undefined || cell === '' ? NaN : Number(cell)
}

/** Milliseconds since 1970; times without a zone are UTC, as everywhere in the database. */
export function timeOf(cell: Cell | undefined): number {
  if (typeof cell !== 'string') return NaN
  const [, day, time = '00:00', zone = 'Z'] = TIME.exec(cell) ?? []
  if (!day) return NaN
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone
  return Date.parse(`${day}T${time}${offset}`)
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)\d*)? ?(Z|[+-]\d\d(?::?\d\d)?)?$/

/** The width of each column in characters, by what is in its first rows. */
export function widths({ columns, rows }: Grid, least = 4, most = 48): number[] {
  return columns.map(({ name }, i) => {
    const longest = rows.slice(0, 200).reduce((max, row) => Math.max(max, lengthOf(row[i])), name.length)
    return Math.min(most, Math.max(least, longest))
  })
}

const lengthOf = (cell: Cell | undefined) => (cell === null ? 4 : String(cell ?? '').length)

/** All of a result as CSV. */
export function resultCsv({ columns, rows }: Grid): string {
  return toCsv(
    columns.map(({ name }) => name),
    rows.map((row) => row.map((cell, i) => (cell === null ? '' : forCsv(cell, columns[i]!)))),
  )
}

// What is a number must not get the quote that keeps texts from being formulas.
function forCsv(cell: string | number, column: SqlColumn): string | number {
  const isNumber = column.kind === 'number' && typeof cell === 'string' && Number.isSafeInteger(Number(cell))
  return isNumber ? Number(cell) : cell
}

/** All of a result as a spreadsheet takes it from the clipboard. */
export function resultText({ columns, rows }: Grid): string {
  const line = (cells: readonly (Cell | undefined)[]) =>
    cells.map((cell) => String(cell ?? '').replaceAll(/[\t\r\n]+/g, ' ')).join('\t')
  return [line(columns.map(({ name }) => name)), ...rows.map(line)].join('\n')
}
