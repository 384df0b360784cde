import { Checkbox } from '../../components'
import { Grip } from '../../components/Grip'
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
          <Grip label={column.label} width={column.width} onWidth={(width) => onLayout(resizedColumn(layout, column.key, width))} />
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
