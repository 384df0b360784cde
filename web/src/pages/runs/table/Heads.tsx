import { Grip } from '../../../components/Grip'
import { isNumeric } from '../../../logic/runs/cells'
import type { InSight, Shown } from '../../../logic/runs/columns'
import type { RunSort } from '../../../logic/runs/address'
import { CHECK, HEAD } from './sizes'

const DRAGGED = 'application/x-runbase-column'

export interface HeadsProps {
  sight: InSight
  sort: RunSort
  isChosen: boolean
  isPartly: boolean
  /** What the check box of all is called. */
  allLabel: string
  onAll(): void
  onSort(column: Shown): void
  onWidth(key: string, width: number): void
  /** Put a column where another one is. */
  onPlace(key: string, before: string): void
  /** Move a column some places. */
  onMove(key: string, by: number): void
  onMenu(column: Shown, x: number, y: number): void
}

/** The heads of the columns: a click sorts, dragging or Alt with an arrow key moves. */
export function Heads({ sight, isChosen, isPartly, allLabel, onAll, ...rest }: HeadsProps) {
  return (
    <div class="run-heads" role="row" style={{ height: HEAD, width: CHECK + sight.width }}>
      <div class="pinned" role="presentation">
        <label class="grid-cell check" role="columnheader" style={{ width: CHECK }}>
          <input type="checkbox" aria-label={allLabel} title={allLabel} checked={isChosen} indeterminate={isPartly} onClick={onAll} />
        </label>
        {sight.pinned.map((column) => (
          <Head key={column.key} column={column} {...rest} />
        ))}
      </div>
      <span class="gap" style={{ width: sight.before }} />
      {sight.visible.map((column) => (
        <Head key={column.key} column={column} {...rest} />
      ))}
    </div>
  )
}

type HeadProps = Omit<HeadsProps, 'sight' | 'isChosen' | 'isPartly' | 'allLabel' | 'onAll'> & { column: Shown }

function Head({ column, sort, onSort, onWidth, onPlace, onMove, onMenu }: HeadProps) {
  const { key, label, kind, width } = column
  const order = sort.key !== key ? 'none' : sort.descending ? 'descending' : 'ascending'
  const drop = (event: DragEvent) => {
    const dragged = event.dataTransfer?.getData(DRAGGED)
    if (!dragged) return
    event.preventDefault()
    onPlace(dragged, key)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.altKey ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : undefined
    if (!by) return
    event.preventDefault()
    onMove(key, by)
  }
  return (
    <div
      role="columnheader"
      class={`grid-cell head ${isNumeric(kind) ? 'numeric' : ''}`}
      style={{ width }}
      aria-sort={order}
      onDragOver={(event) => event.dataTransfer?.types.includes(DRAGGED) && event.preventDefault()}
      onDrop={drop}
      onContextMenu={(event) => {
        event.preventDefault()
        onMenu(column, event.clientX, event.clientY)
      }}
    >
      <button
        type="button"
        class="sort"
        draggable
        title={`${label}: sort (drag, or Alt and an arrow key: move)`}
        onClick={() => onSort(column)}
        onDragStart={(event) => event.dataTransfer?.setData(DRAGGED, key)}
        onKeyDown={onKeyDown}
      >
        <span>{label}</span>
        {order !== 'none' && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
      </button>
      <button
        type="button"
        class="head-menu"
        aria-label={`${label}: more`}
        aria-haspopup="menu"
        onClick={(event) => {
          const { right, bottom } = event.currentTarget.getBoundingClientRect()
          onMenu(column, right, bottom)
        }}
      >
        ⋮
      </button>
      <Grip label={label} width={width} onWidth={(next) => onWidth(key, next)} />
    </div>
  )
}
