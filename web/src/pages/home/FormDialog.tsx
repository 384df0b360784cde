import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from '../../components/Button'
import { Dialog } from '../../components/Dialog'

interface FormDialogProps {
  title: string
  action: string
  disabled: boolean
  /** What the button does; an error that it throws is shown, and the dialog stays. */
  save: () => Promise<void>
  onClose: () => void
  children: ComponentChildren
}

/** A dialog with something to fill in. */
export function FormDialog({ title, action, disabled, save, onClose, children }: FormDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<string | undefined>()
  const submit = async (event: Event) => {
    event.preventDefault()
    if (disabled || busy) return
    setBusy(true)
    try {
      await save()
      onClose()
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <div class="dialog-body">
          {children}
          {error && (
            <p class="field-error" role="alert">
              {error}
            </p>
          )}
        </div>
        <footer class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={disabled || busy}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
