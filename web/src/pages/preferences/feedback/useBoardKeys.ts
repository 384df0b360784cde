import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { type Mode, MOST } from '../../../logic/preferences/answers'
import { neighbour } from '../../../logic/preferences/places'
import { useKeys } from '../../../logic/keys'
import type { Answers } from './useAnswers'
import type { Place } from './usePlaces'

interface KeysOptions {
  grid: RefObject<HTMLElement>
  places: readonly (Place | null)[]
  ranks: readonly number[]
  mode: Mode
  canAnswer: boolean
  answers: Answers
  move(number: number, to: number): void
  enlarge(number: number): void
  changeMode(mode: Mode): void
}

/** The keys of the page, and moving in a ranking without a pointer. */
export function useBoardKeys({ grid, places, ranks, mode, canAnswer, answers, move, enlarge, changeMode }: KeysOptions) {
  const focused = useRef<{ number: number; label: string | null } | undefined>(undefined)
  const cardOf = (number: number) => grid.current?.querySelector<HTMLElement>(`[data-number="${number}"]`)

  const press = (at: number) => {
    const number = places[at]?.candidate.number
    if (number === undefined) return
    if (mode === 'rank') cardOf(number)?.focus()
    else answers.choose(mode, number)
  }
  /** The candidate with the focus, or else the one below the pointer. */
  const pointed = () => {
    const card = grid.current?.querySelector<HTMLElement>('.candidate:focus-within, .candidate:focus')
      ?? grid.current?.querySelector<HTMLElement>('.candidate:hover')
    return card?.dataset.number === undefined ? undefined : Number(card.dataset.number)
  }
  const skip = () => {
    const number = pointed()
    if (number !== undefined) answers.skip(number)
  }
  const show = () => {
    const number = pointed() ?? places.find((place) => place)?.candidate.number
    if (number !== undefined) enlarge(number)
  }
  const digits = Array.from({ length: MOST }, (_, at) => [String(at + 1), () => press(at)] as const)
  const answering = {
    ...Object.fromEntries(digits),
    u: answers.undo,
    e: answers.equal,
    s: skip,
    w: () => changeMode('worst'),
    b: () => changeMode('best'),
    r: () => changeMode('rank'),
    Enter: () => mode === 'rank' && answers.rank(),
  }
  useKeys({ l: show, ...(canAnswer ? answering : {}) })

  // A card that gets another place would lose the focus.
  useLayoutEffect(() => {
    if (!focused.current) return
    const { number, label } = focused.current
    focused.current = undefined
    const card = cardOf(number)
    const button = label && card?.querySelector<HTMLElement>(`[aria-label="${label}"]`)
    ;(button || card)?.focus()
  })
  return {
    shift: (number: number, by: 1 | -1) => {
      const at = places.findIndex((place) => place?.candidate.number === number)
      const to = neighbour(places.map((place) => place?.candidate.number ?? null), at, by, ranks)
      if (to === undefined || !ranks.includes(number)) return
      const label = document.activeElement?.getAttribute('aria-label') ?? null
      if (cardOf(number)?.contains(document.activeElement)) focused.current = { number, label }
      move(number, to)
    },
  }
}
