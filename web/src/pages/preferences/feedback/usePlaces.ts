import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Candidate } from '../../../data/api.gen'
import { type Act, type KnownFeedback, isThere, lookOf, MOST, UNSEEN, waitingNow } from '../../../logic/preferences/answers'
import { arranged, moved, placeCount, type Places, restored } from '../../../logic/preferences/places'
import { isUnreadable } from './unreadable'

/** So long, in milliseconds, it is said why a candidate goes that somebody else has answered. */
const FAREWELL = 1600

export interface Place {
  candidate: Candidate
  /** Whether it has been on the screen for so long that it can have been seen. */
  isSeen: boolean
  /** Whether there is something to judge. */
  isThere: boolean
  /** Whether it has a file that cannot be read. */
  isUnreadable: boolean
  /** Why it goes, if it does. */
  leaving: string | undefined
}

export interface Shown {
  places: readonly (Place | null)[]
  /** Those that an answer is about, in their order on the screen. */
  compared: readonly Candidate[]
  /** Those that come next: to be loaded already. */
  next: readonly Candidate[]
  /** How many wait, on the screen or not. */
  waiting: number
  move(from: number, to: number): void
  /** Where these were, they come again; who came after them waits on. */
  bringBack(numbers: readonly number[]): void
}

interface Kept {
  numbers: Places
  /** Where each of them was last. */
  homes: Map<number, number>
  /** When what is to be seen of a candidate came to the screen. */
  since: Map<string, number>
  leaving: Map<number, { candidate: Candidate; why: string }>
  known: Map<number, Candidate>
}

/**
 * The candidates in their places.
 *
 * @param wished How many are shown at the most.
 * @param isFixed Whether no others may come: they are being ranked.
 */
export function usePlaces(feedback: KnownFeedback, acts: readonly Act[], wished: number, isFixed: boolean): Shown {
  const kept = useRef<Kept>({ numbers: [], homes: new Map(), since: new Map(), leaving: new Map(), known: new Map() }).current
  const [, redraw] = useState(0)
  const again = useMemo(() => () => redraw((times) => times + 1), [])
  const all = waitingNow(feedback, acts)
  const there = (candidate: Candidate) => isThere(candidate, feedback.component, all) && !isUnreadable(candidate.artifact)
  const now = performance.now()

  dismiss(kept, all, acts, feedback.skipped, again)
  for (const one of all) kept.known.set(one.number, one)
  const isKept = (number: number) => kept.numbers.includes(number)
  const coming = isFixed ? all.filter(({ number }) => isKept(number)) : all
  const ready = [...coming].sort((a, b) => Number(there(b)) - Number(there(a)))
  const wanted = [...ready.map(({ number }) => number), ...kept.leaving.keys()]
  const count = isFixed ? kept.numbers.length : placeCount(wished, wanted.length, feedback.n_generate)
  kept.numbers = arranged(kept.numbers, wanted, count, kept.homes)
  kept.numbers.forEach((number, at) => number !== null && kept.homes.set(number, at))

  const looks = new Set<string>()
  const places = kept.numbers.map((number): Place | null => {
    const candidate = number === null ? undefined : kept.known.get(number)
    if (!candidate) return null
    const look = lookOf(candidate)
    looks.add(look)
    if (!kept.since.has(look)) kept.since.set(look, now)
    const leaving = kept.leaving.get(candidate.number)?.why
    const isSeen = now - kept.since.get(look)! >= UNSEEN
    return { candidate, isSeen, isThere: there(candidate), isUnreadable: isUnreadable(candidate.artifact), leaving }
  })
  for (const look of kept.since.keys()) if (!looks.has(look)) kept.since.delete(look)

  const youngest = Math.max(...[...kept.since.values()])
  useEffect(() => {
    const wait = youngest + UNSEEN - performance.now()
    if (!(wait > -UNSEEN)) return undefined
    const timer = setTimeout(again, Math.max(0, wait) + 1)
    return () => clearTimeout(timer)
  }, [youngest])

  const compared = places.filter((place) => place?.isSeen && place.isThere && !place.leaving)
  return {
    places,
    compared: compared.map((place) => place!.candidate),
    next: ready.filter((one) => !isKept(one.number) && there(one)).slice(0, MOST),
    waiting: all.length,
    move: (from, to) => {
      kept.numbers = moved(kept.numbers, from, to)
      again()
    },
    bringBack: (numbers) => {
      kept.numbers = restored(kept.numbers, numbers, kept.homes)
      again()
    },
  }
}

/** Whoever was answered by somebody else goes with a word. */
function dismiss(kept: Kept, all: readonly Candidate[], acts: readonly Act[], skipped: readonly number[], again: () => void): void {
  const waiting = new Set(all.map(({ number }) => number))
  const mine = new Set(acts.filter(({ wanted }) => wanted).flatMap(({ gone }) => gone.map(({ number }) => number)))
  for (const number of kept.leaving.keys()) if (waiting.has(number)) kept.leaving.delete(number)
  for (const number of kept.numbers) {
    if (number === null || waiting.has(number) || mine.has(number) || kept.leaving.has(number)) continue
    const candidate = kept.known.get(number)
    if (!candidate) continue
    const why = skipped.includes(number) ? 'Somebody else skipped it' : 'Somebody else answered'
    kept.leaving.set(number, { candidate, why })
    setTimeout(() => {
      kept.leaving.delete(number)
      kept.known.delete(number)
      kept.numbers = kept.numbers.map((one) => (one === number ? null : one))
      again()
    }, FAREWELL)
  }
}
