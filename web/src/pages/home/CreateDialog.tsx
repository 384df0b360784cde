import { useState } from 'preact/hooks'
import { Button } from '../../components/Button'
import { Select, TextField } from '../../components/inputs'
import { toast } from '../../components/toast'
import type { ExperimentRow } from '../../data/api.gen'
import { source } from '../../data/source'
import { FormDialog } from './FormDialog'
import { nameMistake } from './names'

type Direction = 'minimize' | 'maximize'
type Kind = 'optuna' | 'tracking'

const KINDS = [
  { value: 'optuna', label: 'Optuna study' },
  { value: 'tracking', label: 'Tracking experiment' },
] as const
const DIRECTIONS = [
  { value: 'minimize', label: 'Minimize' },
  { value: 'maximize', label: 'Maximize' },
] as const

interface CreateDialogProps {
  others: readonly ExperimentRow[]
  created: () => void
  onClose: () => void
}

export function CreateDialog({ others, created, onClose }: CreateDialogProps) {
  const [name, setName] = useState('')
  const [kind, setKind] = useState<Kind>('optuna')
  const [directions, setDirections] = useState<Direction[]>(['minimize'])
  const mistake = nameMistake(name, kind, others)
  const save = async () => {
    await source().createExperiment({
      name: name.trim(),
      kind,
      directions: kind === 'optuna' ? directions : [],
    })
    toast(`“${name.trim()}” created`)
    created()
  }
  return (
    <FormDialog title="New experiment" action="Create" disabled={!name.trim() || mistake !== undefined} save={save} onClose={onClose}>
      <TextField label="Name" value={name} onChange={setName} error={mistake} autoFocus />
      <Select label="Kind" value={kind} options={KINDS} onChange={setKind} />
      {kind === 'optuna' && <Objectives directions={directions} setDirections={setDirections} />}
    </FormDialog>
  )
}

interface ObjectivesProps {
  directions: Direction[]
  setDirections: (directions: Direction[]) => void
}

function Objectives({ directions, setDirections }: ObjectivesProps) {
  return (
    <fieldset class="objectives">
      <legend>Objectives</legend>
      {directions.map((direction, i) => (
        <div key={i} class="row">
          <Select
            label={`Objective ${i}`}
            value={direction}
            options={DIRECTIONS}
            onChange={(chosen) => setDirections(directions.with(i, chosen))}
          />
          <Button
            kind="icon"
            aria-label={`Remove objective ${i}`}
            disabled={directions.length === 1}
            onClick={() => setDirections(directions.filter((_, j) => j !== i))}
          >
            ✕
          </Button>
        </div>
      ))}
      <Button onClick={() => setDirections([...directions, 'minimize'])}>Add an objective</Button>
    </fieldset>
  )
}
