import type { Study } from '../data/api.gen'
import { filterName } from './trials/filterText'

export const JOINS = ['and', 'or', 'not', 'in', 'contains', 'is missing']
const NAMES = ['number', 'status', 'value', 'duration', 'started', 'finished']
const FLAGS = ['running', 'complete', 'pruned', 'fail', 'waiting', 'feasible', 'best']
const MOST = 8

const START = /[^\s()=<>!,]*$/
const SCOPE = /^\w+[.:]/

/** What can stand in the filter of a study's trials. */
export function studyWords(study: Pick<Study, 'params' | 'attributes'> | undefined): string[] {
  const params = study?.params.map(({ name }) => filterName('params', name)) ?? []
  const attrs = study?.attributes.map(({ key }) => filterName('attrs', key)) ?? []
  return [...params, ...attrs, ...NAMES, ...FLAGS, ...JOINS]
}

/** Words that could stand at `place` of a filter, by what is typed of it. */
export function suggestions(text: string, place: number, words: readonly string[]): string[] {
  const typed = START.exec(text.slice(0, place))?.[0].toLowerCase() ?? ''
  if (!typed || typed.startsWith('"')) return []
  const begins = (word: string) => word.startsWith(typed) || word.replace(SCOPE, '').startsWith(typed)
  const found: string[] = []
  for (const word of words) {
    const plain = word.toLowerCase()
    if (plain !== typed && begins(plain.replace('"', ''))) found.push(word)
    if (found.length === MOST) break
  }
  return found
}

/** The place of a mistake, counted from 0, where the server's sentence says it. */
export function placeOf(mistake: string): number | undefined {
  const found = /at character (\d+)/.exec(mistake)
  return found ? Number(found[1]) - 1 : undefined
}

/** The filter with the word at `place` completed, and where to type on. */
export function complete(text: string, place: number, word: string): [string, number] {
  const before = text.slice(0, place).replace(START, '')
  const after = text.slice(place).replace(/^[^\s()=<>!,]*/, '').replace(/^ /, '')
  return [`${before}${word} ${after}`, before.length + word.length + 1]
}
