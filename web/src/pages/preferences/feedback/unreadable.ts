import { effect, signal } from '@preact/signals'
import type { Artifact } from '../../../data/api.gen'
import { source } from '../../../data/source'
import { live } from '../../../state/connection'

/** URLs of files that could not be read. */
const unreadable = signal<ReadonlySet<string>>(new Set())
const urlOf = (artifact: Artifact) => source().url(artifact.url)
const mark = (url: string) => (unreadable.value = new Set([...unreadable.value, url]))

/** Whether a file could not be read: it is gone, or broken, or the server does not know its directory. */
export const isUnreadable = (artifact: Artifact | null): boolean => artifact !== null && unreadable.value.has(urlOf(artifact))

/** A picture, a sound or a film that does not load says so in an event. */
export function cannotRead({ target }: Event): void {
  const url = (target as Element).getAttribute('src')
  if (target instanceof HTMLElement && url) mark(url)
}

/** Ask for a file whose element says nothing when it does not load. */
export async function check(artifact: Artifact): Promise<void> {
  const url = urlOf(artifact)
  const found = await fetch(url, { method: 'HEAD', credentials: 'same-origin' }).catch(() => undefined)
  if (found && !found.ok) mark(url)
}

export function readAgain(artifact: Artifact): void {
  unreadable.value = new Set([...unreadable.value].filter((url) => url !== urlOf(artifact)))
}

// It may have been the network.
effect(() => {
  if (live.state.value === 'live') unreadable.value = new Set()
})
