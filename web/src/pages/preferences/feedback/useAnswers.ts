import { useState } from 'preact/hooks'
import type { NewAnswer } from '../../../data/api.gen'
import { type Act, losers, type Mode, wordsOf } from '../../../logic/preferences/answers'
import type { Outbox } from '../../../logic/preferences/outbox'
import { newUuid } from '../../../logic/preferences/uuid'
import type { Shown } from './usePlaces'

interface AnswersOptions {
  shown: Shown
  outbox: Outbox
  onAnswered(): void
}

export interface Answers {
  /** What was said last, in words. */
  said: string
  say(words: string): void
  canUndo: boolean
  choose(mode: Mode, number: number): void
  rank(): void
  equal(): void
  skip(number: number): void
  undo(): void
}

/** What a person can say about the candidates on the screen; about nothing else. */
export function useAnswers({ shown, outbox, onAnswered }: AnswersOptions): Answers {
  const [said, say] = useState('')
  const numbers = shown.compared.map(({ number }) => number)
  const placeOf = (number: number) => shown.places.find((place) => place?.candidate.number === number)

  const keep = (id: string, answer: NewAnswer | undefined, gone: readonly number[], words: string) => {
    const candidates = gone.flatMap((number) => placeOf(number)?.candidate ?? [])
    outbox.add({ id, answer, gone: candidates, words })
    say(words)
    onAnswered()
  }
  const answer = (mode: NewAnswer['mode'], clicked: number | null, order: number[] = []) => {
    if (numbers.length < 2) return say('There are not two to compare yet.')
    const id = newUuid()
    const given = { id, mode, candidates: numbers, clicked, order }
    keep(id, given, losers(given), wordsOf(given))
  }
  return {
    said,
    say,
    canUndo: outbox.acts.value.some(({ wanted }) => wanted),
    choose: (mode, number) => {
      const place = placeOf(number)
      if (!place || place.leaving) return
      if (place.isUnreadable) return say(`The file of trial ${number} cannot be read.`)
      if (!place.isThere) return say(`Trial ${number} has nothing to judge yet.`)
      if (!place.isSeen) return say(`Trial ${number} has just come: look again.`)
      answer(mode === 'best' ? 'ChooseBest' : 'ChooseWorst', number)
    },
    rank: () => answer('Rank', null, numbers),
    equal: () => answer('Equal', null),
    skip: (number) => {
      const place = placeOf(number)
      if (!place || place.leaving || !place.isSeen) return
      keep(newUuid(), undefined, [number], `Trial ${number} is skipped.`)
    },
    undo: () => {
      const act = outbox.undo()
      if (act) shown.bringBack(act.gone.map(({ number }) => number))
      say(act ? `Taken back: ${takenBack(act)}` : 'There is nothing of yours to take back.')
      onAnswered()
    },
  }
}

const takenBack = ({ answer, gone, words }: Act) => (answer ? words : `the skip of trial ${gone[0]!.number}.`)
