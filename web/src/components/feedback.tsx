import type { ComponentChildren } from 'preact'
import { lookOf } from '../logic/statuses'
import { Button } from './Button'

/** A status by its word, a letter and a colour. */
export function StatusChip({ status }: { status: string }) {
  const { word, short, name } = lookOf(status)
  return (
    <span class={`status ${name}`}>
      <span class="status-mark" aria-hidden="true">
        {short}
      </span>
      <span class="status-word">{word}</span>
    </span>
  )
}

export function Spinner({ label = 'Loading' }: { label?: string }) {
  return <span class="spinner" role="status" aria-label={label} />
}

export function Empty({ children }: { children?: ComponentChildren }) {
  return <div class="empty">{children}</div>
}

/** What went wrong, in the words of the server, and a way to try again. */
export function Failed({ error, retry }: { error: Error; retry?: (() => void) | undefined }) {
  return (
    <div class="failure" role="alert">
      <p>{error.message}</p>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  )
}
