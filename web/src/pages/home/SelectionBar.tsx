import { Button } from '../../components/Button'
import type { ExperimentRow } from '../../data/api.gen'
import { readOnly } from '../../state/session'
import { askToDelete } from './deleting'

interface SelectionBarProps {
  rows: ExperimentRow[]
  compare: () => void
  clear: () => void
  changed: () => void
}

/** What can be done with the selected experiments. */
export function SelectionBar({ rows, compare, clear, changed }: SelectionBarProps) {
  return (
    <div class="selection-bar" role="region" aria-label="Selection">
      <span>{rows.length} selected</span>
      <Button kind="primary" disabled={rows.length < 2} title="c" onClick={compare}>
        Compare
      </Button>
      {!readOnly.value && (
        <Button kind="danger" onClick={() => void askToDelete(rows, changed)}>
          Delete…
        </Button>
      )}
      <Button onClick={clear}>Clear</Button>
    </div>
  )
}
