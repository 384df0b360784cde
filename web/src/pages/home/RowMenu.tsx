import { useState } from 'preact/hooks'
import { Menu } from '../../components/Menu'
import type { ExperimentRow } from '../../data/api.gen'
import { readOnly } from '../../state/session'
import { askToDelete } from './deleting'
import { EditDialog } from './EditDialog'

interface RowMenuProps {
  row: ExperimentRow
  others: readonly ExperimentRow[]
  changed: () => void
}

export function RowMenu({ row, others, changed }: RowMenuProps) {
  const [editing, setEditing] = useState(false)
  if (readOnly.value) return null
  const items = [
    { label: row.kind === 'ax' ? 'Tags…' : 'Rename, tags, comment…', onClick: () => setEditing(true) },
    { label: 'Delete…', danger: true, onClick: () => void askToDelete([row], changed) },
  ]
  return (
    <>
      <Menu label={`Actions for ${row.name}`} items={items} />
      {editing && (
        <EditDialog
          row={row}
          others={others.filter((other) => other.id !== row.id)}
          changed={changed}
          onClose={() => setEditing(false)}
        />
      )}
    </>
  )
}
