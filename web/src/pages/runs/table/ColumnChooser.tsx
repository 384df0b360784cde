import { useState } from 'preact/hooks'
import { Button } from '../../../components'
import type { RunColumn } from '../../../data/api.gen'
import { moved, placed, toggledKey, usualPins, withPin } from '../../../logic/runs/columns'
import { useRuns } from '../context'
import { PickList } from './PickList'
import type { Table } from './useTable'

/** Which columns the table has, in which order, and which of them stay at the left. */
export function ColumnChooser({ table: { arranged, arrange } }: { table: Table }) {
  const { catalogue } = useRuns()
  const shown = new Set(arranged.keys)
  return (
    <div class="column-chooser-of-runs">
      <PickList label="Find columns" columns={catalogue.columns} isPicked={(key) => shown.has(key)} onPick={(key) => arrange(toggledKey(arranged, key))} />
      <div>
        <div class="row spread">
          <strong>Shown</strong>
          <Button onClick={() => arrange({ keys: catalogue.shown, pinned: usualPins(catalogue.shown) })}>As it was</Button>
        </div>
        <ShownColumns arranged={arranged} arrange={arrange} columns={catalogue.columns} />
      </div>
    </div>
  )
}

function ShownColumns({ arranged, arrange, columns }: Pick<Table, 'arranged' | 'arrange'> & { columns: RunColumn[] }) {
  const [dragged, setDragged] = useState<string | undefined>()
  const labels = new Map(columns.map(({ key, label }) => [key, label]))
  const { keys, pinned } = arranged
  return (
    <ol class="shown-columns" aria-label="Shown columns">
      {keys.map((key, at) => {
        const label = labels.get(key) ?? key
        const isPinned = at < pinned
        return (
          <li
            key={key}
            class={isPinned ? 'pinned' : ''}
            draggable
            onDragStart={() => setDragged(key)}
            onDragOver={(event) => dragged && event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault()
              if (dragged) arrange(placed(arranged, dragged, at))
              setDragged(undefined)
            }}
          >
            <span class="pick-name" title={key}>
              {label}
            </span>
            <Button kind="icon" aria-label={`Keep ${label} at the left`} title="Keep at the left" aria-pressed={isPinned} onClick={() => arrange(withPin(arranged, key, !isPinned))}>
              ⇤
            </Button>
            <Button kind="icon" aria-label={`Move ${label} left`} disabled={at === 0} onClick={() => arrange(moved(arranged, key, -1))}>
              ↑
            </Button>
            <Button kind="icon" aria-label={`Move ${label} right`} disabled={at === keys.length - 1} onClick={() => arrange(moved(arranged, key, 1))}>
              ↓
            </Button>
            <Button kind="icon" aria-label={`Hide ${label}`} onClick={() => arrange(toggledKey(arranged, key))}>
              ✕
            </Button>
          </li>
        )
      })}
    </ol>
  )
}
