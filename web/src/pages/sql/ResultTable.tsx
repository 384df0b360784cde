import { Link } from 'wouter-preact'
import { useVirtualRows } from '../../components/useVirtualRows'
import type { SqlColumn } from '../../data/api.gen'
import { widths, type Cell, type Grid } from '../../logic/sql/cells'

const ROW = window.matchMedia('(pointer: coarse)').matches ? 40 : 28

/** The rows of a result, of which only those in sight are drawn. */
export function ResultTable({ grid, height }: { grid: Grid; height: number }) {
  const { columns, rows } = grid
  const virtual = useVirtualRows(rows.length, ROW, 12, ROW)
  const template = widths(grid).map((ch) => `calc(${ch}ch + 24px)`)
  const style = { gridTemplateColumns: ['calc(5ch + 20px)', ...template].join(' ') }
  const onKeyDown = (event: KeyboardEvent) => {
    const places: Record<string, number> = { Home: 0, End: rows.length - 1 }
    if (event.ctrlKey || !(event.key in places)) return
    event.preventDefault()
    virtual.scrollTo(places[event.key]!)
  }
  return (
    <div
      ref={virtual.box}
      class="sql-result"
      style={{ height }}
      role="table"
      aria-label="Result"
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <div class="sql-row sql-head" role="row" style={{ ...style, height: ROW }}>
        <span aria-hidden="true" />
        {columns.map((column, i) => (
          <span key={i} role="columnheader" class={column.kind}>
            {column.name}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: virtual.height, position: 'relative' }}>
        {virtual.items.map(({ index, start }) => (
          <div
            key={index}
            class="sql-row"
            role="row"
            aria-rowindex={index + 2}
            style={{ ...style, height: ROW, transform: `translateY(${start}px)` }}
          >
            <span class="number muted" aria-hidden="true">
              {index + 1}
            </span>
            {columns.map((column, i) => (
              <span key={i} role="cell" class={column.kind} title={titleOf(rows[index]![i]!)}>
                <CellText cell={rows[index]![i]!} column={column} />
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

function CellText({ cell, column }: { cell: Cell; column: SqlColumn }) {
  if (cell === null) return <i class="muted">NULL</i>
  if (column.name === 'run_id' && typeof cell === 'number') return <Link href={`/runs/${cell}`}>{cell}</Link>
  return <>{String(cell)}</>
}

const titleOf = (cell: Cell) => (typeof cell === 'string' && cell.length > 30 ? cell : undefined)
