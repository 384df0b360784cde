import type { ComparedRow } from '../../data/api.gen'
import { formatDuration, formatNumber, toNumber, type Sent } from '../format'
import { cellText, isNumeric } from './cells'
import { metricOf } from './picker'

/** Rows of a comparison that belong together. */
export interface ComparedGroup {
  group: ComparedRow['group']
  title: string
  rows: ComparedRow[]
  /** How many more there are, which are the same in all runs or do not have the words. */
  left: number
}

export interface Narrowed {
  onlyDiffering: boolean
  search: string
  /** Of metrics also the least, the greatest, the mean, ... */
  allFigures: boolean
}

const TITLES: Record<ComparedRow['group'], string> = {
  run: 'Run', metrics: 'Metrics', args: 'Arguments', attrs: 'Attributes', extras: 'Extras', env: 'Environment',
}
const FIGURES = new Set(['best', 'last'])

/** The rows to show, in the order in which people look for them. */
export function comparedGroups(rows: readonly ComparedRow[], narrowed: Narrowed): ComparedGroup[] {
  const words = narrowed.search.toLowerCase().split(/\s+/).filter(Boolean)
  const isShown = (row: ComparedRow) =>
    (row.differs || !narrowed.onlyDiffering) && words.every((word) => row.key.toLowerCase().includes(word))
  const isMain = ({ key }: ComparedRow) => narrowed.allFigures || FIGURES.has(metricOf(key)?.word ?? 'best')
  return (Object.keys(TITLES) as ComparedRow['group'][]).flatMap((group) => {
    const all = rows.filter((row) => row.group === group && isMain(row))
    const shown = all.filter(isShown)
    return all.length ? [{ group, title: TITLES[group], rows: shown, left: all.length - shown.length }] : []
  })
}

/** What a row is about. */
export function rowName({ key, label, group }: ComparedRow): { name: string; word: string } {
  if (group !== 'metrics') return { name: label, word: '' }
  const found = metricOf(key)
  return { name: found?.name ?? label, word: found?.word ?? '' }
}

const SHARP = 5

/** A cell for people: whole where a table of many runs would cut it. */
export function comparedText(row: ComparedRow, i: number): string {
  const value = row.values[i]
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number' && row.kind === 'number') return formatNumber(value, SHARP)
  return row.kind === 'tags' ? (value as string[]).join(', ') || '–' : cellText(row.kind, value)
}

/** How much more or less than the baseline, as text, and whether that is better. */
export function deltaOf(row: ComparedRow, i: number, baseline: number): { text: string; better: boolean | null } | null {
  if (i === baseline || !isNumeric(row.kind) || row.group === 'env') return null
  const [value, base] = [row.values[i], row.values[baseline]].map((each) => toNumber(each as Sent)) as [number, number]
  const delta = value - base
  if (!Number.isFinite(delta) || delta === 0) return null
  const size = row.kind === 'duration' ? formatDuration(Math.abs(delta)) : formatNumber(Math.abs(delta), 3)
  const word = metricOf(row.key)?.word ?? ''
  const judged = row.group === 'metrics' && word !== 'n' && word !== 'at'
  return { text: `${delta > 0 ? '+' : '−'}${size}`, better: judged ? delta < 0 === row.lower_is_better : null }
}

/** The places of the best runs by a metric; none where all are the same. */
export function bestPlaces(row: ComparedRow): ReadonlySet<number> {
  const word = metricOf(row.key)?.word
  if (!row.differs || row.group !== 'metrics' || !(word === 'best' || word === 'last')) return new Set()
  const numbers = row.values.map((value) => toNumber(value as Sent)).filter((value) => !Number.isNaN(value))
  if (numbers.length < 2) return new Set()
  const best = numbers.reduce((a, b) => (b < a === row.lower_is_better ? b : a), numbers[0] ?? NaN)
  return new Set([...row.values.keys()].filter((i) => toNumber(row.values[i] as Sent) === best))
}

/** Whether a cell has the value of the baseline. */
export function isLike(row: ComparedRow, i: number, baseline: number): boolean {
  return JSON.stringify(row.values[i] ?? null) === JSON.stringify(row.values[baseline] ?? null)
}
