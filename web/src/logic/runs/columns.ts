import type { RunColumn } from '../../data/api.gen'

/** A column as a table shows it. */
export interface Shown extends RunColumn {
  width: number
  /** Where it begins, in pixels from the left of all columns. */
  left: number
}

/** The columns of a table that are drawn: those that stay at the left, and those in sight. */
export interface InSight {
  all: readonly Shown[]
  pinned: readonly Shown[]
  visible: readonly Shown[]
  /** Width of what is left out between the two. */
  before: number
  width: number
}

export const NARROWEST = 56
const WIDEST_LABEL = 220
const WIDTHS: Record<RunColumn['kind'], number> = {
  number: 100, text: 140, time: 164, duration: 104, status: 124, tags: 180, document: 180,
}

/** On a phone more columns are worth more than whole labels, and a status is its letter. */
const SLIM = { id: 72, name: 130, label: 104, kinds: { number: 76, text: 96, time: 140, duration: 80, status: 52, tags: 120, document: 120 } }

const LINKS = new Set(['id', 'number', 'name', 'parent'])

/** Whether its cells lead to runs. */
export const isLink = (key: string): boolean => LINKS.has(key)

/** Whether it makes sense to put runs with the same value together. */
export const canGroup = ({ key, kind }: RunColumn): boolean => !isLink(key) && kind !== 'time' && kind !== 'document'

/** The columns of a table from the left; one that no run has any more keeps its place. */
export function shownColumns(known: ReadonlyMap<string, RunColumn>, keys: readonly string[], widths: Record<string, number>, isSlim = false): Shown[] {
  let left = 0
  return keys.map((key) => {
    const column = known.get(key) ?? { key, label: key, group: 'run', kind: 'text', lower_is_better: false }
    const width = widths[key] ?? widthOf(column, isSlim)
    left += width
    return { ...column, width, left: left - width }
  })
}

function widthOf({ key, label, kind }: RunColumn, isSlim: boolean): number {
  if (key === 'id' || key === 'number') return isSlim ? SLIM.id : 84
  if (key === 'name') return isSlim ? SLIM.name : 170
  if (isSlim && kind === 'status') return SLIM.kinds.status
  const [least, most] = isSlim ? [SLIM.kinds[kind], SLIM.label] : [WIDTHS[kind], WIDEST_LABEL]
  return Math.max(least, Math.min(most, label.length * 7.4 + 34))
}

/** What to draw of the columns in a box that is scrolled to `scrolled` and shows `room` pixels. */
export function inSight(all: readonly Shown[], pinned: number, scrolled: number, room: number): InSight {
  const width = all.reduce((sum, column) => sum + column.width, 0)
  const held = all.slice(0, pinned)
  const start = held.reduce((sum, column) => sum + column.width, 0)
  // What stays must leave room for what moves.
  if (start > room * 0.6) return inSight(all, pinned - 1, scrolled, room)
  const visible = all.slice(pinned).filter(({ left, width: wide }) => left + wide > start + scrolled - AROUND && left < scrolled + room + AROUND)
  return { all, pinned: held, visible, before: (visible[0]?.left ?? start) - start, width }
}

const AROUND = 160
const BLOCK = 16
const MANY = 48

/** Keys of the columns to ask for: all of them, or, if they are many, those around what is in sight. */
export function keysAround({ all, pinned, visible }: InSight): string[] {
  const keys = all.map(({ key }) => key)
  if (keys.length <= MANY || !visible.length) return keys
  const from = Math.floor((keys.indexOf(visible[0]!.key) - BLOCK / 2) / BLOCK) * BLOCK
  const to = Math.ceil((keys.indexOf(visible.at(-1)!.key) + 1 + BLOCK / 2) / BLOCK) * BLOCK
  return [...new Set([...pinned.map(({ key }) => key), ...keys.slice(Math.max(0, from), to)])]
}

/** The order of the columns, and how many of them stay at the left. */
export interface Arranged {
  keys: readonly string[]
  pinned: number
}

/** A column put where another one is, as by drag and drop; among pinned ones it is pinned, too. */
export function placed({ keys, pinned }: Arranged, key: string, at: number): Arranged {
  const from = keys.indexOf(key)
  if (from < 0 || from === at || at < 0 || at >= keys.length) return { keys, pinned }
  const next = keys.toSpliced(from, 1).toSpliced(at, 0, key)
  const [was, is] = [from < pinned, at < pinned]
  return { keys: next, pinned: pinned + (was === is ? 0 : is ? 1 : -1) }
}

/** How many columns stay at the left unless somebody chose: what the runs are called. */
export const usualPins = (keys: readonly string[]): number => Math.min(keys.length, Math.max(1, keys.slice(0, 3).indexOf('name') + 1))

/** The column some places further. */
export const moved = (arranged: Arranged, key: string, by: number): Arranged => placed(arranged, key, arranged.keys.indexOf(key) + by)

/** With a column as the last of those that stay at the left, or as the first of those that do not. */
export function withPin({ keys, pinned }: Arranged, key: string, isPinned: boolean): Arranged {
  const from = keys.indexOf(key)
  if (from < 0 || from < pinned === isPinned) return { keys, pinned }
  const rest = keys.toSpliced(from, 1)
  return isPinned
    ? { keys: rest.toSpliced(pinned, 0, key), pinned: pinned + 1 }
    : { keys: rest.toSpliced(pinned - 1, 0, key), pinned: pinned - 1 }
}

/** With a column at the end, or without it. */
export function toggledKey({ keys, pinned }: Arranged, key: string): Arranged {
  const from = keys.indexOf(key)
  if (from < 0) return { keys: [...keys, key], pinned }
  return { keys: keys.toSpliced(from, 1), pinned: from < pinned ? pinned - 1 : pinned }
}

/** The order after a click on a head: the best, largest or first in front, then the other way round, then the newest. */
export function nextSort(sort: { key: string; descending: boolean }, column: RunColumn, otherwise: typeof sort): typeof sort {
  const first = beginsDescending(column)
  if (sort.key !== column.key) return { key: column.key, descending: first }
  return sort.descending === first ? { key: column.key, descending: !first } : otherwise
}

function beginsDescending({ key, kind, group, lower_is_better }: RunColumn): boolean {
  if (key === 'id' || key === 'number') return true
  if (group === 'metrics' || key.startsWith('value')) return !lower_is_better
  return kind === 'time' || kind === 'duration'
}
