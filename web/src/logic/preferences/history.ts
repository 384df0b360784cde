import type { Answer } from '../../data/api.gen'
import { formatCount } from '../format'

/** What an answer says of one of its trials: a place is counted from 1, the best. */
export type Verdict = 'best' | 'worst' | 'better' | 'worse' | 'equal' | number | null

export interface Compared {
  number: number
  verdict: Verdict
}

/** An answer as a sentence. */
export function sentence({ mode, candidates, clicked, order, pairs }: Answer): string {
  const many = candidates.length
  switch (mode) {
    case 'ChooseWorst':
      return `Trial ${clicked} was the worst of ${many}`
    case 'ChooseBest':
      return `Trial ${clicked} was the best of ${many}`
    case 'Rank':
      return `Ranked, the best first: ${order.join(', ')}`
    case 'Equal':
      return `Trials ${listed(candidates)} were about equal`
    case 'Reported': {
      const { better, worse } = sides(pairs)
      return better.some((number) => worse.includes(number))
        ? `A program reported ${pairs.length} comparisons`
        : `A program reported that ${trials(better)} ${better.length > 1 ? 'are' : 'is'} better than ${trials(worse)}`
    }
  }
}

const trials = (numbers: readonly number[]) => `${numbers.length > 1 ? 'trials' : 'trial'} ${listed(numbers)}`
const listed = (numbers: readonly number[]) =>
  [numbers.slice(0, -1).join(', '), ...numbers.slice(-1)].filter((part) => part !== '').join(' and ')

const sides = (pairs: Answer['pairs']) => ({
  better: [...new Set(pairs.map(([better]) => better!))],
  worse: [...new Set(pairs.map(([, worse]) => worse!))],
})

/** The trials of an answer in the order in which to show them, and what it says of each. */
export function verdicts({ mode, candidates, clicked, order, pairs }: Answer): Compared[] {
  const all = (verdict: (number: number) => Verdict) => candidates.map((number) => ({ number, verdict: verdict(number) }))
  switch (mode) {
    case 'ChooseWorst':
      return all((number) => (number === clicked ? 'worst' : null))
    case 'ChooseBest':
      return all((number) => (number === clicked ? 'best' : null))
    case 'Rank':
      return order.map((number, place) => ({ number, verdict: place + 1 }))
    case 'Equal':
      return all(() => 'equal')
    case 'Reported': {
      const { better, worse } = sides(pairs)
      const said = all((number) =>
        better.includes(number) === worse.includes(number) ? null : better.includes(number) ? 'better' : 'worse',
      )
      return said.sort((a, b) => Number(b.verdict === 'better') - Number(a.verdict === 'better'))
    }
  }
}

/** A verdict in a word; of a place its number. */
export function verdictWord(verdict: Verdict): string {
  switch (verdict) {
    case 'best':
      return 'Best'
    case 'better':
      return 'Better'
    case 'worst':
      return 'Worst'
    case 'worse':
      return 'Worse'
    case 'equal':
      return 'Equal'
    case null:
      return ''
    default:
      return `${verdict}.`
  }
}

/** Whether a verdict is good or bad; a place is good if it is the first. */
export function tone(verdict: Verdict): 'good' | 'bad' | 'plain' {
  if (verdict === 'best' || verdict === 'better' || verdict === 1) return 'good'
  return verdict === 'worst' || verdict === 'worse' ? 'bad' : 'plain'
}

/** "1 answer", "2 answers". */
export const countOf = (count: number, noun: string): string => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`

/** How many of all answers count. */
export function countText(total: number, removed: number): string {
  if (removed === 0) return countOf(total, 'answer')
  const left = total - removed
  return `${countOf(left, 'answer')} ${left === 1 ? 'counts' : 'count'}, ${formatCount(removed)} removed`
}
