import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { TextField } from './inputs'

interface Question {
  title: string
  body: ComponentChildren
  /** What the button says: the verb. */
  action: string
  danger?: boolean | undefined
  /** A text that has to be typed first. */
  typed?: string | undefined
}

const asked = signal<(Question & { answer: (yes: boolean) => void }) | undefined>(undefined)

/** Ask before something that cannot be taken back. */
export function confirmDialog(question: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const answer = (yes: boolean) => {
      asked.value = undefined
      resolve(yes)
    }
    asked.value = { ...question, answer }
  })
}

export function Confirmation() {
  const question = asked.value
  return question ? <Ask key={question.title} {...question} /> : null
}

function Ask({ title, body, action, danger, typed, answer }: NonNullable<typeof asked.value>) {
  const [text, setText] = useState('')
  return (
    <Dialog title={title} onClose={() => answer(false)}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          answer(true)
        }}
      >
        <div class="dialog-body">
          {body}
          {typed && <TextField label={`Type “${typed}” to go on`} value={text} onChange={setText} />}
        </div>
        <footer class="dialog-actions">
          <Button onClick={() => answer(false)}>Cancel</Button>
          <Button
            kind={danger ? 'danger' : 'primary'}
            type="submit"
            disabled={typed !== undefined && text !== typed}
          >
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
