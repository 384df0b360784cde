import type { Study, TrialRow } from '../../data/api.gen'
import { formatNumber } from '../format'
import { filterName } from './filterText'

export type ColumnKind = 'number' | 'status' | 'value' | 'param' | 'attr' | 'duration' | 'time' | 'name'

/** A column of the table of trials; its key is also what the server sorts by. */
export interface Column {
  key: string
  label: string
  kind: ColumnKind
  width: number
  /** What a menu in its head lets choose from: the name in filters and the values. */
  menu?: { name: string; values: { value: string; label: string }[] }
  /** What the row has for it. */
  of(row: TrialRow): unknown
}

export interface Layout {
  order: string[]
  hidden: string[]
  widths: Record<string, number>
}

export const NO_LAYOUT: Layout = { order: [], hidden: [], widths: {} }
const MIN_WIDTH = 48

const STATES = [
  { value: 'complete', label: 'Complete' },
  { value: 'pruned', label: 'Pruned' },
  { value: 'fail', label: 'Fail' },
  { value: 'running', label: 'Running' },
  { value: 'waiting', label: 'Waiting' },
]

/** Attributes that tell how Ax came to try something, as people call them. */
export const GENERATED: Record<string, string> = { generation_node: 'Generation node', generator: 'Generator' }

export function columnsOf(study: Study): Column[] {
  const name = study.kind === 'ax' ? 'Arm' : 'Name'
  const named: Column[] = study.kind === 'optuna' ? [] : [{ key: 'name', label: name, kind: 'name', width: 140, of: (row) => row.name }]
  return [
    { key: 'number', label: study.kind === 'ax' ? 'Trial' : 'Number', kind: 'number', width: 92, of: (row) => row.trial },
    ...named,
    { key: 'status', label: 'State', kind: 'status', width: study.has_constraints || study.is_preferential ? 184 : 156, menu: { name: 'status', values: STATES }, of: (row) => row.status },
    ...values(study),
    ...params(study),
    ...attributes(study),
    { key: 'duration', label: 'Duration', kind: 'duration', width: 96, of: (row) => row.duration },
    { key: 'start', label: 'Started', kind: 'time', width: 168, of: (row) => row.time_started },
    { key: 'finish', label: 'Completed', kind: 'time', width: 168, of: (row) => row.time_finished },
  ]
}

/** Those of a study of preferences are all 0. */
function values(study: Study): Column[] {
  if (study.is_preferential) return []
  const names = study.objective_names
  return names.flatMap((name, place): Column[] => {
    const label = names.length === 1 && /^Objective 0$/.test(name) ? 'Value' : name
    const value: Column = { key: `value:${place}`, label, kind: 'value', width: 104, of: (row) => row.values[place] }
    if (!study.has_errors) return [value]
    return [value, { key: `sem:${place}`, label: `${label} SEM`, kind: 'value', width: 104, of: (row) => row.sems?.[place] }]
  })
}

function params(study: Study): Column[] {
  return study.params.map((param) => ({
    key: `param:${param.name}`,
    label: `Param ${param.name}`,
    kind: 'param',
    width: 128,
    of: (row) => row.params[param.name],
    ...(param.kind === 'categorical' && {
      menu: { name: filterName('params', param.name), values: param.choices.map(({ label }) => ({ value: label, label })) },
    }),
  }))
}

function attributes(study: Study): Column[] {
  return study.attributes.map(({ key }) => ({
    key: `attr:${key}`,
    label: (study.kind === 'ax' && GENERATED[key]) || `UserAttribute ${key}`,
    kind: 'attr',
    width: 160,
    of: (row) => row.user_attrs[key],
  }))
}

/** The columns in the chosen order: those that came later stay where they are by default. */
export function inOrder(columns: Column[], layout: Layout): Column[] {
  const places = new Map(layout.order.map((key, place) => [key, place]))
  const known = columns.filter((column) => places.has(column.key))
  known.sort((a, b) => (places.get(a.key) ?? 0) - (places.get(b.key) ?? 0))
  return columns.map((column) => (places.has(column.key) ? (known.shift() as Column) : column))
}

export function shown(columns: Column[], layout: Layout): Column[] {
  return inOrder(columns, layout)
    .filter((column) => !layout.hidden.includes(column.key))
    .map((column) => ({ ...column, width: layout.widths[column.key] ?? column.width }))
}

/** The column some places further along those that are shown. */
export function movedColumn(columns: Column[], layout: Layout, key: string, by: number): Layout {
  const all = inOrder(columns, layout).map((column) => column.key)
  const visible = all.filter((each) => !layout.hidden.includes(each))
  const neighbour = visible[visible.indexOf(key) + by]
  if (neighbour === undefined || !visible.includes(key)) return layout
  const order = all.filter((each) => each !== key)
  order.splice(order.indexOf(neighbour) + (by > 0 ? 1 : 0), 0, key)
  return { ...layout, order }
}

/** A column put before another one, as by drag and drop. */
export function placedColumn(columns: Column[], layout: Layout, key: string, before: string): Layout {
  if (key === before) return layout
  const order = inOrder(columns, layout).map((column) => column.key).filter((each) => each !== key)
  order.splice(order.indexOf(before), 0, key)
  return { ...layout, order }
}

export function toggledColumn(layout: Layout, key: string): Layout {
  const others = layout.hidden.filter((each) => each !== key)
  return { ...layout, hidden: others.length < layout.hidden.length ? others : [...others, key] }
}

export function resizedColumn(layout: Layout, key: string, width: number): Layout {
  return { ...layout, widths: { ...layout.widths, [key]: Math.max(MIN_WIDTH, Math.round(width)) } }
}

export interface Sort {
  key: string
  descending: boolean
}

/** The order after a click on a head: up, down, then by number again. */
export function nextSort(sort: Sort, key: string): Sort {
  if (sort.key !== key) return { key, descending: false }
  if (!sort.descending) return { key, descending: true }
  return { key: 'number', descending: false }
}

export const sortText = (sort: Sort): string => (sort.descending ? `-${sort.key}` : sort.key)

export const parseSort = (text: string): Sort => ({ key: text.replace(/^-/, '') || 'number', descending: text.startsWith('-') })

export function parseLayout(text: string | null): Layout {
  try {
    const found = JSON.parse(text ?? '') as Partial<Layout>
    return { order: found.order ?? [], hidden: found.hidden ?? [], widths: found.widths ?? {} }
  } catch {
    return NO_LAYOUT
  }
}

/** A cell in few characters; the exact value goes into its title. */
export function cellNumber(value: number | string | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  const size = Math.abs(value)
  if (value !== 0 && (size >= 1e4 || size < 1e-4)) return value.toExponential(3)
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)))
}

/**
 * The value of a parameter; what JSON and Python write differently as Python does, like the choices in menus.
 * A number has so many digits, or is as in a table.
 */
export function paramText(value: unknown, digits?: number): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return digits !== undefined && typeof value === 'number' ? formatNumber(value, digits) : cellText(value)
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'number' ? cellNumber(value) : typeof value === 'string' ? value : JSON.stringify(value)
}
