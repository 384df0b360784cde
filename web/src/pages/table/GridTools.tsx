import { Button, Checkbox } from '../../components'
import { Popover } from '../../components/Popover'
import { source } from '../../data/source'
import { formatCount } from '../../logic/format'
import { type Column, type Layout, NO_LAYOUT, inOrder, movedColumn, toggledColumn } from '../../logic/trials/columns'
import { useStudy } from '../study/context'

interface GridToolsProps {
  total: number | undefined
  numbers: number[] | undefined
  columns: Column[]
  layout: Layout
  onLayout(layout: Layout): void
  /** Go to a row, counted from 0. */
  onGo(row: number): void
  onCompare(): void
}

export function GridTools({ total, numbers, columns, layout, onLayout, onGo, onCompare }: GridToolsProps) {
  const { study, filter, selection } = useStudy()
  const chosen = [...selection.value]
  const noun = study.has_arms ? 'arm' : 'trial'
  const onSubmit = (event: SubmitEvent) => {
    event.preventDefault()
    const row = Number(new FormData(event.currentTarget as HTMLFormElement).get('row'))
    if (row >= 1) onGo(row - 1)
  }
  return (
    <div class="grid-tools">
      <strong>{total === undefined ? 'Trials' : `${formatCount(total)} ${noun}${total === 1 ? '' : 's'}`}</strong>
      {chosen.length > 0 && (
        <span class="row">
          <span class="muted">{formatCount(chosen.length)} selected</span>
          <Button onClick={onCompare}>Compare selected</Button>
          <Button onClick={() => (selection.value = new Set())}>Clear</Button>
        </span>
      )}
      <span class="spacer" />
      <form class="go" onSubmit={onSubmit}>
        <label>
          Go to row <input type="number" name="row" min={1} max={total} aria-label="Go to row" />
        </label>
      </form>
      <Popover label="Columns">
        <ColumnChooser columns={columns} layout={layout} onLayout={onLayout} />
      </Popover>
      <a class="button" href={source().csvUrl(study.id, filter, chosen.length ? chosen : numbers)} download={`${study.name}.csv`}>
        {chosen.length ? 'Download CSV of selected' : 'Download CSV'}
      </a>
    </div>
  )
}

function ColumnChooser({ columns, layout, onLayout }: Pick<GridToolsProps, 'columns' | 'layout' | 'onLayout'>) {
  return (
    <div class="column-chooser">
      {inOrder(columns, layout).map(({ key, label }) => {
        const isShown = !layout.hidden.includes(key)
        return (
          <div key={key} class="column-choice">
            <Checkbox label={label} checked={isShown} onChange={() => onLayout(toggledColumn(layout, key))} />
            <span>
              <Button kind="icon" aria-label={`Move ${label} left`} disabled={!isShown} onClick={() => onLayout(movedColumn(columns, layout, key, -1))}>
                ↑
              </Button>
              <Button kind="icon" aria-label={`Move ${label} right`} disabled={!isShown} onClick={() => onLayout(movedColumn(columns, layout, key, 1))}>
                ↓
              </Button>
            </span>
          </div>
        )
      })}
      <div class="row">
        <Button onClick={() => onLayout({ ...layout, hidden: [] })}>Show all</Button>
        <Button onClick={() => onLayout(NO_LAYOUT)}>As it was</Button>
      </div>
    </div>
  )
}
