import type { Candidate, Feedback, FeedbackComponent, NewAnswer } from '../../data/api.gen'

export type Mode = 'worst' | 'best' | 'rank'

/** So many candidates are shown at the most: there are no more keys, and no more fit. */
export const MOST = 9
/** What has been on the screen for less than this, in milliseconds, nobody has seen yet. */
export const UNSEEN = 300

/** Numbers of the trials that are no candidates any more after an answer. */
export function losers({ mode, candidates, clicked, order = [] }: NewAnswer): number[] {
  switch (mode) {
    case 'ChooseWorst':
      return candidates.filter((number) => number === clicked)
    case 'ChooseBest':
      return candidates.filter((number) => number !== clicked)
    case 'Rank':
      return order.slice(1)
    case 'Equal':
      // They are not worse: one of them stands for all.
      return candidates.filter((number) => number !== Math.min(...candidates))
  }
}

/** An answer in words. */
export function wordsOf({ mode, candidates, clicked, order = [] }: NewAnswer): string {
  switch (mode) {
    case 'ChooseWorst':
      return `Trial ${clicked} is the worst of ${candidates.length}.`
    case 'ChooseBest':
      return `Trial ${clicked} is the best of ${candidates.length}.`
    case 'Rank':
      return `Ranked, the best first: ${order.join(', ')}.`
    case 'Equal':
      return `About equal: ${candidates.join(', ')}.`
  }
}

/** Something that a person did, which the server may not know yet. */
export interface Act {
  /** A UUID; the server keeps an answer under it, so that it counts once. */
  id: string
  /** What was said; none for a skip. */
  answer?: NewAnswer | undefined
  /** What is no candidate any more. */
  gone: readonly Candidate[]
  words: string
  /** Whether it should count; not after an undo. */
  wanted: boolean
  /** Whether the server lets it count; undefined while that is not certain. */
  known: boolean | undefined
  /** When that became certain, by the clock of the outbox. */
  since: number
}

/** What a server said, and the time on the outbox's clock at which it was asked. */
export type KnownFeedback = Feedback & { asOf: number }

/** The candidates as they are when all that this person did is done, the oldest first. */
export function waitingNow({ candidates, asOf }: Pick<KnownFeedback, 'candidates' | 'asOf'>, acts: readonly Act[]): Candidate[] {
  const waiting = new Map(candidates.map((one) => [one.number, one]))
  for (const act of acts) {
    if (act.known === act.wanted && act.since <= asOf) continue
    for (const one of act.gone) {
      if (act.wanted) waiting.delete(one.number)
      else if (!waiting.has(one.number)) waiting.set(one.number, one)
    }
  }
  return [...waiting.values()].sort((a, b) => a.number - b.number)
}

/** Whether there is something to judge. */
export function isThere(candidate: Candidate, { output_type }: FeedbackComponent, all: readonly Candidate[]): boolean {
  if (output_type === 'artifact') return candidate.artifact !== null
  if (candidate.note.body !== '') return true
  // Where nobody writes notes, people judge the parameters, or something that is not on a screen.
  return Object.keys(candidate.params).length > 0 && all.every(({ note }) => note.body === '')
}

/** What changes when something else is to be seen of the same trial. */
export const lookOf = ({ number, note, artifact, params }: Candidate): string =>
  `${number}/${note.version}/${artifact?.artifact_id ?? ''}/${Object.keys(params).length}`
