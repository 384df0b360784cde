import { Component } from 'preact'
import type { InSight, Shown } from '../../../logic/runs/columns'
import { Cell } from './Cell'
import { CHECK, ROW } from './sizes'
import type { RunCells } from './useRunRows'

export interface RunRowProps {
  row: RunCells | undefined
  /** Counted from 0. */
  place: number
  sight: InSight
  isChosen: boolean
  isCurrent: boolean
  /** The key of the current cell. */
  cell: string | undefined
  best: ReadonlyMap<string, unknown>
  lead: string | undefined
  href(id: number): string
}

/** A run in the table; it is drawn anew only when something of it is another. */
export class RunRow extends Component<RunRowProps> {
  override shouldComponentUpdate(next: RunRowProps): boolean {
    return (Object.keys(next) as (keyof RunRowProps)[]).some((key) => next[key] !== this.props[key])
  }

  override render({ row, place, sight, isChosen, isCurrent, cell, best, lead, href }: RunRowProps) {
    const style = { transform: `translateY(${place * ROW}px)`, height: ROW }
    // What flies by is not worth a cell.
    if (!row) return <div class="run-row loading" style={style} aria-hidden="true" />
    const drawn = (column: Shown) => (
      <Cell
        key={column.key}
        column={column}
        row={row}
        isBest={best.has(column.key) && best.get(column.key) === row.cells[column.key]}
        isCurrent={isCurrent && cell === column.key}
        isLead={column.key === lead}
        href={href}
      />
    )
    const classes = ['run-row', isChosen && 'chosen', isCurrent && 'current'].filter(Boolean).join(' ')
    return (
      <div class={classes} role="row" aria-rowindex={place + 2} aria-selected={isChosen} data-place={place} style={style}>
        <div class="pinned" role="presentation">
          <label class="grid-cell check" role="cell" style={{ width: CHECK }}>
            <input type="checkbox" aria-label={`Select run ${row.id}`} checked={isChosen} />
          </label>
          {sight.pinned.map(drawn)}
        </div>
        <span class="gap" style={{ width: sight.before }} />
        {sight.visible.map(drawn)}
      </div>
    )
  }
}
