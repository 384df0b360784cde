import type { ComponentChildren, JSX } from 'preact'
import { Link } from 'wouter-preact'
import { TrialChips } from '../../components/TrialChips'
import type { TrialRow } from '../../data/api.gen'
import { formatDuration, formatTime } from '../../logic/format'
import { type Column, cellText, paramText } from '../../logic/trials/columns'
import { inSentence } from '../../logic/trials/naming'

interface GridRowProps {
  row: TrialRow | undefined
  place: number
  columns: Column[]
  isPreferential: boolean
  style: JSX.CSSProperties
  isCurrent: boolean
  isChosen: boolean
  /** The address of a trial. */
  path(number: number): string
  onSelect(range: boolean): void
  onCurrent(): void
}

export function GridRow({ row, place, columns, isPreferential, style, isCurrent, isChosen, path, onSelect, onCurrent }: GridRowProps) {
  if (!row) return <div class="grid-row loading" style={style} aria-hidden="true" />
  const classes = ['grid-row', isCurrent && 'current', isChosen && 'chosen', row.is_best && 'is-best', row.feasible || 'is-infeasible']
  return (
    <div class={classes.filter(Boolean).join(' ')} role="row" aria-rowindex={place + 2} aria-selected={isChosen} style={style} onClick={onCurrent}>
      <span class="row-check" role="cell">
        <input
          type="checkbox"
          aria-label={`Select ${inSentence(row)}`}
          checked={isChosen}
          onClick={(event) => {
            event.stopPropagation()
            onSelect(event.shiftKey)
          }}
        />
      </span>
      {columns.map((column) => (
        <span key={column.key} class={cellClass(column)} role="cell" title={exact(column, row)}>
          {content(column, row, path, isPreferential)}
        </span>
      ))}
    </div>
  )
}

/** Choices are texts, and begin at the left. */
export const cellClass = (column: Column) => `grid-cell ${column.kind} ${column.menu ? 'text' : ''}`

function content(column: Column, row: TrialRow, path: GridRowProps['path'], isPreferential: boolean): ComponentChildren {
  const value = column.of(row)
  switch (column.kind) {
    case 'number':
      return (
        <Link href={path(row.number)} aria-label={`Details of ${inSentence(row)}`}>
          {row.trial}
        </Link>
      )
    case 'status':
      return <TrialChips trial={row} isPreferential={isPreferential} />
    case 'duration':
      return row.duration === null ? '' : formatDuration(row.duration)
    case 'time':
      return value === null ? '' : formatTime(value as number)
    case 'param':
      return paramText(value)
    default:
      return cellText(value)
  }
}

function exact(column: Column, row: TrialRow): string | undefined {
  const value = column.of(row)
  if (value === null || value === undefined || column.kind === 'status') return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}
