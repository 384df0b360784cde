import { effect, untracked } from '@preact/signals'
import { Live } from '../data/live'
import { source } from '../data/source'
import { liveUpdates } from './preferences'
import { meta, report } from './session'

/** The live connection of this page. */
export const live = new Live({
  events: (since) => new EventSource(source().url(`api/events?since=${since}`)),
  changes: (since) =>
    source()
      .changes(since)
      .catch((error: unknown) => {
        report(error)
        throw error
      }),
  visible: () => !document.hidden,
})

/** Connect when the server is known, and whenever the reader wants live updates. */
export function keepConnected(): void {
  effect(() => {
    const how = liveUpdates.value === 'on' ? meta.value?.live : undefined
    // What the connection does with its own state must not start it again.
    untracked(() => (how ? live.start(how) : live.stop()))
  })
  document.addEventListener('visibilitychange', () => live.wake())
  window.addEventListener('online', () => live.wake())
}
