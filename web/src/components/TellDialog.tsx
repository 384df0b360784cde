import { useState } from 'preact/hooks'
import type { Trial } from '../data/api.gen'
import { source } from '../data/source'
import { isNumber } from '../logic/trials/form'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { Select, TextField } from './inputs'
import { toast, toastError } from './toast'

interface TellDialogProps {
  trial: Trial
  objectiveNames: string[]
  onClose(): void
  onDone(): void
}

type State = 'Complete' | 'Pruned' | 'Fail'
const STATES: { value: State; label: string }[] = [
  { value: 'Complete', label: 'Complete' },
  { value: 'Pruned', label: 'Pruned' },
  { value: 'Fail', label: 'Fail' },
]

/** Finishes a running or waiting trial with values that people give. */
export function TellDialog({ trial, objectiveNames, onClose, onDone }: TellDialogProps) {
  const [state, setState] = useState<State>('Complete')
  const [typed, setTyped] = useState<string[]>(objectiveNames.map(() => ''))
  const [tried, setTried] = useState(false)
  const isWrong = (text: string) => !isNumber(text) && !/^[+-]?inf$/i.test(text.trim())
  const submit = async () => {
    setTried(true)
    if (state === 'Complete' && typed.some(isWrong)) return
    try {
      await source().tell(trial.id, state === 'Complete' ? { state, values: typed.map(sent) } : { state })
      toast(`Trial ${trial.number} is told.`)
      onDone()
      onClose()
    } catch (error) {
      toastError(error)
    }
  }
  return (
    <Dialog title={`Tell trial ${trial.number}`} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <div class="dialog-body">
          <Select label="State" value={state} options={STATES} onChange={setState} />
          {state === 'Complete' &&
            objectiveNames.map((name, place) => (
              <TextField
                key={place}
                label={name}
                value={typed[place] ?? ''}
                autoFocus={place === 0}
                error={tried && isWrong(typed[place] ?? '') ? 'Enter a number.' : undefined}
                onChange={(text) => setTyped((now) => now.map((each, other) => (other === place ? text : each)))}
              />
            ))}
        </div>
        <footer class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit">
            Tell
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

function sent(text: string): number | 'inf' | '-inf' {
  const infinite = /^([+-]?)inf$/i.exec(text.trim())
  if (infinite) return infinite[1] === '-' ? '-inf' : 'inf'
  return Number(text)
}
