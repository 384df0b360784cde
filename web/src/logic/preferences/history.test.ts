import { expect, test } from 'vitest'
import type { Answer } from '../../data/api.gen'
import { countText, sentence, tone, verdicts, verdictWord } from './history'

const answer = (facts: Partial<Answer>): Answer => ({
  id: 'a', mode: 'ChooseWorst', time: null, candidates: [1, 2, 3], clicked: null, order: [], pairs: [], is_removed: false,
  ...facts,
}) // prettier-ignore
const marks = (facts: Partial<Answer>) => verdicts(answer(facts)).map(({ number, verdict }) => [number, verdictWord(verdict), tone(verdict)])

test('the worst is marked as bad where it stands', () => {
  expect(sentence(answer({ clicked: 3, candidates: [1, 3, 4, 7] }))).toBe('Trial 3 was the worst of 4')
  expect(marks({ clicked: 3 })).toEqual([
    [1, '', 'plain'],
    [2, '', 'plain'],
    [3, 'Worst', 'bad'],
  ])
})

test('the best is marked as good', () => {
  const best = { mode: 'ChooseBest', clicked: 1, candidates: [1, 2] } as const
  expect(sentence(answer({ ...best, candidates: [...best.candidates] }))).toBe('Trial 1 was the best of 2')
  expect(marks({ ...best, candidates: [1, 2] })).toEqual([
    [1, 'Best', 'good'],
    [2, '', 'plain'],
  ])
})

test('a ranking is shown in its order', () => {
  const ranking: Partial<Answer> = { mode: 'Rank', order: [3, 1, 2] }
  expect(sentence(answer(ranking))).toBe('Ranked, the best first: 3, 1, 2')
  expect(marks(ranking)).toEqual([
    [3, '1.', 'good'],
    [1, '2.', 'plain'],
    [2, '3.', 'plain'],
  ])
})

test('equal ones are neither good nor bad', () => {
  expect(sentence(answer({ mode: 'Equal' }))).toBe('Trials 1, 2 and 3 were about equal')
  expect(sentence(answer({ mode: 'Equal', candidates: [4, 9] }))).toBe('Trials 4 and 9 were about equal')
  expect(new Set(marks({ mode: 'Equal' }).map(([, word, tone]) => `${word} ${tone}`))).toEqual(new Set(['Equal plain']))
})

test('a report tells which trials are better, or how many comparisons there are', () => {
  const one: Partial<Answer> = { mode: 'Reported', candidates: [5, 8], pairs: [[8, 5]] }
  expect(sentence(answer(one))).toBe('A program reported that trial 8 is better than trial 5')
  expect(marks(one)).toEqual([
    [8, 'Better', 'good'],
    [5, 'Worse', 'bad'],
  ])
  const worst: Partial<Answer> = { mode: 'Reported', candidates: [4, 5, 8], pairs: [[5, 4], [8, 4]] } // prettier-ignore
  expect(sentence(answer(worst))).toBe('A program reported that trials 5 and 8 are better than trial 4')
  expect(marks(worst).map(([number, word]) => [number, word])).toEqual([[5, 'Better'], [8, 'Better'], [4, 'Worse']]) // prettier-ignore
  const chain: Partial<Answer> = { mode: 'Reported', pairs: [[1, 2], [3, 1]] } // prettier-ignore
  expect(sentence(answer(chain))).toBe('A program reported 2 comparisons')
  expect(marks(chain).map(([number, word]) => [number, word])).toEqual([[3, 'Better'], [1, ''], [2, 'Worse']]) // prettier-ignore
})

test('answers that were removed are counted apart', () => {
  expect([countText(0, 0), countText(1, 0), countText(22, 0)]).toEqual(['0 answers', '1 answer', '22 answers'])
  expect([countText(22, 1), countText(3, 2)]).toEqual(['21 answers count, 1 removed', '1 answer counts, 2 removed'])
})
