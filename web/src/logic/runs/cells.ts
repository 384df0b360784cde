import type { RunColumn } from '../../data/api.gen'
import { formatDuration, formatNumber, formatTime, type Sent } from '../format'
import { clauses, quoted } from '../trials/filterText'
import { filterKey } from './words'

type Kind = RunColumn['kind']
export const isNumeric = (kind: Kind): boolean => kind === 'number' || kind === 'duration'

/** A cell in few characters. */
export function cellText(kind: Kind, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (kind === 'time') return typeof value === 'number' ? formatTime(value) : String(value)
  if (kind === 'duration') return formatDuration(value as number)
  if (typeof value === 'number' || (kind === 'number' && isOdd(value))) return formatNumber(value as Sent, 4)
  return exactText(value)
}

/** All of it. */
export function exactText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const isOdd = (value: unknown) => value === 'nan' || value === 'inf' || value === '-inf'

export interface Choice {
  label: string
  /** The filter with it. */
  filter: string
}

/** What a menu of a cell offers: filters by its value. */
export function choices(filter: string, { key, kind }: RunColumn, value: unknown): Choice[] {
  const name = filterKey(key)
  const also = (label: string, clause: string) => ({ label, filter: withClause(filter, clause) })
  if (value === null || value === undefined || (Array.isArray(value) && !value.length))
    return [also('Only runs without it', `${name} is missing`), also('Only runs that have it', `${name} is not missing`)]
  if (kind === 'tags') {
    const tags = (value as string[]).map((tag) => filterKey(`tag:${tag}`))
    return [...tags.map((tag) => also(`Only ${tag}`, tag)), ...tags.map((tag) => also(`Without ${tag}`, `not ${tag}`))]
  }
  if (kind === 'document' || typeof value === 'object' || isOdd(value)) return []
  if (kind === 'time') {
    const time = quoted(new Date(value as number).toISOString())
    return [also('From this time on', `${name} >= ${time}`), also('Before this time', `${name} < ${time}`)]
  }
  const text = typeof value === 'string' && kind !== 'status' ? quoted(value) : String(value)
  const equal = [also('Only this value', `${name} = ${text}`), also('Without this value', `${name} != ${text}`)]
  if (typeof value !== 'number') return equal
  return [...equal, also('This value or more', `${name} >= ${text}`), also('This value or less', `${name} <= ${text}`)]
}

/** A filter that lets through what both let through. */
export function withClause(filter: string, clause: string): string {
  return [...new Set([...clauses(filter), ...clauses(clause)])].join(' and ')
}
