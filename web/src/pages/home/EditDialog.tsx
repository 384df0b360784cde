import { useState } from 'preact/hooks'
import { TextField } from '../../components/inputs'
import type { ExperimentChange, ExperimentRow } from '../../data/api.gen'
import { source } from '../../data/source'
import { FormDialog } from './FormDialog'
import { nameMistake } from './names'

interface EditDialogProps {
  row: ExperimentRow
  others: readonly ExperimentRow[]
  changed: () => void
  onClose: () => void
}

export function EditDialog({ row, others, changed, onClose }: EditDialogProps) {
  const [name, setName] = useState(row.name)
  const [tags, setTags] = useState(row.tags.join(', '))
  const [comment, setComment] = useState(row.comment ?? '')
  // Name and description of an Ax experiment are in documents of Ax's.
  const isAx = row.kind === 'ax'
  const mistake = name.trim() ? nameMistake(name, row.kind, others) : 'It needs a name.'
  const save = async () => {
    const change = changeOf(row, name, tags, comment)
    if (Object.keys(change).length) await source().changeExperiment(row.id, change)
    changed()
  }
  return (
    <FormDialog title={row.name} action="Save" disabled={mistake !== undefined} save={save} onClose={onClose}>
      {!isAx && <TextField label="Name" value={name} onChange={setName} error={mistake} autoFocus />}
      <TextField label="Tags, separated by commas" value={tags} onChange={setTags} autoFocus={isAx} />
      {!isAx && <TextField label="Comment" value={comment} onChange={setComment} />}
    </FormDialog>
  )
}

/** Only what differs is sent: somebody else may change the rest meanwhile. */
export function changeOf(row: ExperimentRow, name: string, tags: string, comment: string): ExperimentChange {
  const change: ExperimentChange = {}
  if (name.trim() !== row.name) change.name = name.trim()
  if (comment !== (row.comment ?? '')) change.comment = comment
  if (tags.trim() !== row.tags.join(', ')) {
    change.tags = [...new Set(tags.split(',').map((tag) => tag.trim()))].filter(Boolean)
  }
  return change
}
