import { effect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { toast } from '../../components/toast'
import { type Query, useQuery } from '../../data/query'
import { ApiError, source } from '../../data/source'
import type { Act, KnownFeedback } from '../../logic/preferences/answers'
import { keepActs, keptActs } from '../../logic/preferences/keptActs'
import { Outbox } from '../../logic/preferences/outbox'
import { live } from '../../state/connection'

/** What is on its way stays so when somebody looks at another page of the study meanwhile. */
const outboxes = new Map<number, Outbox>()

export function outboxOf(id: number): Outbox {
  const known = outboxes.get(id)
  if (known) return known
  const made = new Outbox({
    send: (act, wanted) => send(id, act, wanted),
    isFinal: (error) => error instanceof ApiError && error.status < 500 && error.status !== 429,
    refused: ({ wanted, words }, error) => {
      const why = error instanceof Error ? error.message : String(error)
      const put = wanted ? `Not kept, so say it again: ${words}` : `Not taken back: ${words}`
      toast(`${why} ${put}`, 'error')
      return `${put} ${why}`
    },
  }, keptActs(id))
  effect(() => keepActs(id, made.acts.value))
  window.addEventListener('online', () => made.wake())
  effect(() => {
    if (live.state.value === 'live') made.wake()
  })
  window.addEventListener('beforeunload', (event) => {
    if (made.unsent.length) event.preventDefault()
  })
  outboxes.set(id, made)
  return made
}

/** What waits for an answer, live, and what this person has said about it. */
export function useFeedback(id: number): { query: Query<KnownFeedback>; outbox: Outbox } {
  const outbox = outboxOf(id)
  const load = async (signal: AbortSignal): Promise<KnownFeedback> => {
    const asOf = outbox.clock.peek()
    return { ...(await source().feedback(id, signal)), asOf }
  }
  const query = useQuery(`feedback/${id}`, load, { live: id, quiet: 200 })
  const clock = outbox.clock.value
  const seen = query.data?.asOf
  useEffect(() => {
    if (seen !== undefined && seen < clock) query.reload()
  }, [clock])
  return { query, outbox }
}

async function send(id: number, { answer, gone, id: answerId }: Act, wanted: boolean): Promise<void> {
  if (answer && wanted) return source().addAnswer(id, answer)
  if (answer) return source().removeAnswer(id, answerId).catch(unlessMissing)
  for (const { id: trialId } of gone) {
    await (wanted ? source().skip(id, trialId) : source().unskip(id, trialId).catch(unlessMissing))
  }
}

// What never arrived need not be taken back.
function unlessMissing(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 404)) throw error
}
