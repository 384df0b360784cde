import { signal } from '@preact/signals'
import { Button } from './Button'

type Kind = 'info' | 'error'
const shown = signal<{ id: number; message: string; kind: Kind }[]>([])
let last = 0
const STAYS: Record<Kind, number> = { info: 4000, error: 10_000 }

/** Say something in passing. */
export function toast(message: string, kind: Kind = 'info'): void {
  const id = ++last
  shown.value = [...shown.value.slice(-3), { id, message, kind }]
  setTimeout(() => dismiss(id), STAYS[kind])
}

/** Say what went wrong. */
export const toastError = (error: unknown) =>
  toast(error instanceof Error ? error.message : String(error), 'error')

const dismiss = (id: number) => (shown.value = shown.value.filter((one) => one.id !== id))

export function Toasts() {
  return (
    <div class="toasts" aria-live="polite">
      {shown.value.map(({ id, message, kind }) => (
        <div key={id} class={`toast ${kind}`} role={kind === 'error' ? 'alert' : 'status'}>
          <span>{message}</span>
          <Button kind="icon" aria-label="Dismiss" onClick={() => dismiss(id)}>
            ✕
          </Button>
        </div>
      ))}
    </div>
  )
}
