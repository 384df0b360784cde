import { Checkbox } from '../../components'
import { Popover } from '../../components/Popover'
import { type Column, type Layout, type Sort, columnsOf, placedColumn, resizedColumn } from '../../logic/trials/columns'
import { chosenValues, withValues } from '../../logic/trials/filterText'
import { useStudy } from '../study/context'
import { cellClass } from './GridRow'

interface GridHeadProps {
  columns: Column[]
  template: string
  height: number
  sort: Sort
  layout: Layout
  onLayout(layout: Layout): void
  onSort(key: string): void
}

const DRAGGED = 'application/x-runbase-column'

export function GridHead({ columns, template, height, sort, layout, onLayout, onSort }: GridHeadProps) {
  const { study } = useStudy()
  const drop = (event: DragEvent, before: string) => {
    const key = event.dataTransfer?.getData(DRAGGED)
    if (!key) return
    event.preventDefault()
    onLayout(placedColumn(columnsOf(study), layout, key, before))
  }
  return (
    <div class="grid-head" role="row" style={{ gridTemplateColumns: template, height }}>
      <span role="columnheader" aria-label="Selected" />
      {columns.map((column) => (
        <div
          key={column.key}
          role="columnheader"
          class={cellClass(column)}
          aria-sort={sort.key !== column.key ? 'none' : sort.descending ? 'descending' : 'ascending'}
          onDragOver={(event) => event.dataTransfer?.types.includes(DRAGGED) && event.preventDefault()}
          onDrop={(event) => drop(event, column.key)}
        >
          <button
            type="button"
            class="sort"
            draggable
            title={`${column.label}: sort`}
            onClick={() => onSort(column.key)}
            onDragStart={(event) => event.dataTransfer?.setData(DRAGGED, column.key)}
          >
            <span>{column.label}</span>
            {sort.key === column.key && <span aria-hidden="true">{sort.descending ? ' ↓' : ' ↑'}</span>}
          </button>
          {column.menu && <ValuesMenu label={column.label} menu={column.menu} />}
          <Grip column={column} onWidth={(width) => onLayout(resizedColumn(layout, column.key, width))} />
        </div>
      ))}
    </div>
  )
}

function ValuesMenu({ label, menu }: { label: string; menu: NonNullable<Column['menu']> }) {
  const { filter, setFilter } = useStudy()
  const all = menu.values.map(({ value }) => value)
  const chosen = chosenValues(filter, menu.name)
  const isOn = (value: string) => !chosen || chosen.includes(value)
  const toggle = (value: string, on: boolean) => {
    const left = all.filter((each) => (each === value ? on : isOn(each)))
    setFilter(withValues(filter, menu.name, left.length === all.length ? undefined : left))
  }
  return (
    <Popover kind="icon" label={`Filter by ${label}`} face={chosen ? '▼' : '▽'}>
      <fieldset>
        {menu.values.map((each) => (
          <Checkbox key={each.value} label={each.label} checked={isOn(each.value)} onChange={(on) => toggle(each.value, on)} />
        ))}
      </fieldset>
    </Popover>
  )
}

const STEP = 16

/** The right edge of a head: dragged, or moved with the arrow keys, it makes the column wider. */
function Grip({ column, onWidth }: { column: Column; onWidth(width: number): void }) {
  const start = (event: PointerEvent) => {
    const grip = event.currentTarget as HTMLElement
    const from = event.clientX
    grip.setPointerCapture(event.pointerId)
    const move = (moved: PointerEvent) => onWidth(column.width + moved.clientX - from)
    const end = () => grip.removeEventListener('pointermove', move)
    grip.addEventListener('pointermove', move)
    grip.addEventListener('lostpointercapture', end, { once: true })
    event.preventDefault()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key]
    if (!step) return
    event.preventDefault()
    onWidth(column.width + step)
  }
  return (
    <span
      class="grip"
      role="separator"
      aria-orientation="vertical"
      aria-label={`Width of ${column.label}`}
      aria-valuenow={column.width}
      tabIndex={0}
      onPointerDown={start}
      onKeyDown={onKeyDown}
    />
  )
}
