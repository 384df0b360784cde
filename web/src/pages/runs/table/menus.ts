import { toast } from '../../../components'
import type { MenuItem } from '../../../components/Menu'
import { choices, exactText, withClause } from '../../../logic/runs/cells'
import { type Shown, canGroup, moved, toggledKey, withPin } from '../../../logic/runs/columns'
import { filterKey } from '../../../logic/runs/words'
import type { RunSort } from '../../../logic/runs/address'
import type { Table } from './useTable'

/** What can be done with the value of a cell. */
export function cellItems(column: Shown, value: unknown, filter: string, setFilter: (filter: string) => void): MenuItem[] {
  const text = exactText(value)
  const copy = () => void navigator.clipboard.writeText(text).then(() => toast('Copied'))
  return [
    ...choices(filter, column, value).map((choice) => ({ label: choice.label, onClick: () => setFilter(choice.filter) })),
    { label: 'Copy', onClick: copy, disabled: !text || !window.isSecureContext },
  ]
}

/** What can be done with a column. */
export function headItems(
  column: Shown,
  { arranged, arrange }: Table,
  setSort: (sort: RunSort) => void,
  filter: string,
  setFilter: (filter: string) => void,
  group: (key: string) => void,
): MenuItem[] {
  const { key, kind } = column
  const place = arranged.keys.indexOf(key)
  const isPinned = place >= 0 && place < arranged.pinned
  const only = (clause: string) => () => setFilter(withClause(filter, `${filterKey(key)} ${clause}`))
  return [
    { label: kind === 'number' ? 'Smallest first' : 'First to last', onClick: () => setSort({ key, descending: false }) },
    { label: kind === 'number' ? 'Largest first' : 'Last to first', onClick: () => setSort({ key, descending: true }) },
    { label: isPinned ? 'Let it scroll' : 'Keep at the left', disabled: place < 0, onClick: () => arrange(withPin(arranged, key, !isPinned)) },
    { label: 'Move left', disabled: place <= 0, onClick: () => arrange(moved(arranged, key, -1)) },
    { label: 'Move right', disabled: place < 0 || place === arranged.keys.length - 1, onClick: () => arrange(moved(arranged, key, 1)) },
    { label: 'Group by it', disabled: !canGroup(column), onClick: () => group(key) },
    { label: 'Only runs that have it', onClick: only('is not missing') },
    { label: 'Only runs without it', onClick: only('is missing') },
    { label: 'Hide the column', disabled: place < 0, onClick: () => arrange(toggledKey(arranged, key)) },
  ]
}
