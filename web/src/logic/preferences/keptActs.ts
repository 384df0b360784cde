import type { Act } from './answers'

/** So many of the last can be taken back after a reload. */
const MOST = 20
const keyOf = (study: number) => `runbase.said.${study}`

/** Remember what a person said, in this tab: what the server knows can be taken back after a reload. */
export function keepActs(study: number, acts: readonly Act[]): void {
  const kept = acts.filter(({ wanted, known }) => wanted && known).slice(-MOST)
  try {
    sessionStorage.setItem(keyOf(study), JSON.stringify(kept))
  } catch {
    return // storage can be forbidden or full
  }
}

/** What was said before a reload; the clock of an outbox begins anew. */
export function keptActs(study: number): Act[] {
  try {
    const acts = JSON.parse(sessionStorage.getItem(keyOf(study)) ?? '[]') as Act[]
    return acts.map((act) => ({ ...act, since: 0 }))
  } catch {
    return []
  }
}
