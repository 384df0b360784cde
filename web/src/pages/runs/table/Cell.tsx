import type { ComponentChildren } from 'preact'
import { StatusChip } from '../../../components'
import { cellText, exactText, isNumeric } from '../../../logic/runs/cells'
import { type Shown, isLink } from '../../../logic/runs/columns'
import type { RunCells } from './useRunRows'

interface CellProps {
  column: Shown
  row: RunCells
  isBest: boolean
  isCurrent: boolean
  /** Whether it has the name of the run, instead of a value. */
  isLead: boolean
  /** The address of a run. */
  href(id: number): string
}

export function Cell({ column, row, isBest, isCurrent, isLead, href }: CellProps) {
  const value = row.cells[column.key]
  const classes = ['grid-cell', column.kind, isNumeric(column.kind) && 'numeric', isBest && 'is-best', isCurrent && 'is-current']
  return (
    <span
      role="cell"
      data-key={column.key}
      class={classes.filter(Boolean).join(' ')}
      style={{ width: column.width }}
      title={titleOf(column, value)}
    >
      {isLead ? linked('name', row, row.cells.name, href) : content(column, row, value, href)}
    </span>
  )
}

function content({ key, kind }: Shown, row: RunCells, value: unknown, href: CellProps['href']): ComponentChildren {
  if (isLink(key)) return linked(key, row, value, href)
  if (kind === 'status') return value ? <StatusChip status={String(value)} /> : ''
  if (kind !== 'tags' || !Array.isArray(value)) return cellText(kind, value)
  return value.map((tag: string) => (
    <span key={tag} class="chip">
      {tag}
    </span>
  ))
}

function linked(key: string, { id }: RunCells, value: unknown, href: CellProps['href']): ComponentChildren {
  if (key === 'parent') return typeof value === 'number' ? <a href={href(value)}>{value}</a> : ''
  const text = key === 'name' ? String(value ?? `Run ${id}`) : key === 'id' ? id : String(value ?? '')
  return <a href={href(id)}>{text}</a>
}

function titleOf({ key, kind }: Shown, value: unknown): string | undefined {
  if (value === null || value === undefined || kind === 'status' || key === 'id') return undefined
  return kind === 'time' ? new Date(value as number).toISOString() : kind === 'tags' ? (value as string[]).join(', ') : exactText(value)
}
