import { Select } from '../../../components'
import type { RunColumn } from '../../../data/api.gen'
import { columnLabel } from '../../../logic/charts/runColumns'

interface ColumnSelectProps {
  label: string
  columns: readonly RunColumn[]
  value: string
  onChange: (key: string) => void
  /** What no column is called, where there need be none. */
  none?: string
}

/** One column of runs. */
export function ColumnSelect({ label, columns, value, onChange, none }: ColumnSelectProps) {
  const options = columns.map((column) => ({ value: column.key, label: columnLabel(column) }))
  return (
    <Select
      label={label}
      value={value}
      options={none === undefined ? options : [{ value: '', label: none }, ...options]}
      onChange={onChange}
    />
  )
}
