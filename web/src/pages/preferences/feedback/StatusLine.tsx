import type { Outbox } from '../../../logic/preferences/outbox'

/** What was said last, or that it does not arrive, or that it does not count. */
export function StatusLine({ said, outbox }: { said: string; outbox: Outbox }) {
  outbox.acts.value // an answer that arrives changes what is told
  const unsent = outbox.unsent.length
  const isLate = outbox.failures.value > 0 && unsent > 0
  const refusal = outbox.refusal.value
  const text = isLate ? `Not sent yet: ${unsent}. Kept here, trying again…` : refusal || said
  return (
    <span class={`feedback-said ${isLate || refusal ? 'warning' : 'muted'}`} role="status" title={text}>
      {text}
    </span>
  )
}
