import { expect, it } from 'vitest'
import type { Candidate, NewAnswer } from '../../data/api.gen'
import { type Act, isThere, lookOf, losers, waitingNow } from './answers'
import { aspectOf, faceOf } from './faces'
import { newUuid } from './uuid'

const NOTE = { output_type: 'note' } as const
const FILE = { output_type: 'artifact', artifact_key: 'image' } as const

const candidate = (number: number, body = '', filename?: string, params = {}): Candidate => ({
  number, id: number + 100, status: 'RUNNING', params, note: { version: 1, body },
  artifact: filename === undefined ? null : {
    artifact_id: `file ${number}`, filename, mimetype: '', encoding: null, url: '', size: 1,
  },
})
const answer = (mode: NewAnswer['mode'], more: Partial<NewAnswer>): NewAnswer => ({
  mode, candidates: [5, 3, 4], clicked: null, order: [], ...more,
})
const act = (gone: number[], more: Partial<Act> = {}): Act => ({
  id: 'a', gone: gone.map((number) => candidate(number)), words: '', wanted: true, known: false, since: 0, ...more,
})
const waiting = (numbers: number[], asOf: number, ...acts: Act[]) =>
  waitingNow({ candidates: numbers.map((number) => candidate(number)), asOf }, acts).map(({ number }) => number)

it('tells who is no candidate any more after an answer', () => {
  expect(losers(answer('ChooseWorst', { clicked: 3 }))).toEqual([3])
  expect(losers(answer('ChooseBest', { clicked: 3 }))).toEqual([5, 4])
  expect(losers(answer('Rank', { order: [4, 5, 3] }))).toEqual([5, 3])
  expect(losers(answer('Equal', {}))).toEqual([5, 4])
})

it('takes away what was answered until the server knows it', () => {
  expect(waiting([1, 2, 3], 0, act([2]))).toEqual([1, 3])
  // Taken by the server, but what is shown was asked before.
  expect(waiting([1, 2, 3], 0, act([2], { known: true, since: 1 }))).toEqual([1, 3])
  // Somebody restored it, or it was answered and undone elsewhere: the server is right.
  expect(waiting([1, 2, 3], 1, act([2], { known: true, since: 1 }))).toEqual([1, 2, 3])
})

it('brings back what was undone before the server does', () => {
  expect(waiting([1, 3], 1, act([2], { known: true, since: 1, wanted: false }))).toEqual([1, 2, 3])
  expect(waiting([1, 3], 2, act([2], { known: false, since: 2, wanted: false }))).toEqual([1, 3])
})

it('has nothing to judge without a file, or without a note where others have one', () => {
  const all = [candidate(1, 'soup'), candidate(2), candidate(3, '', 'a.png')]
  expect(all.map((one) => isThere(one, NOTE, all))).toEqual([true, false, false])
  expect(all.map((one) => isThere(one, FILE, all))).toEqual([false, false, true])
})

it('has parameters to judge where nobody writes notes, as soon as there are some', () => {
  const bare = candidate(1)
  const suggested = candidate(2, '', undefined, { x: 0.5 })
  const all = [bare, suggested]
  expect(all.map((one) => isThere(one, NOTE, all))).toEqual([false, true])
  expect(isThere(suggested, NOTE, [...all, candidate(3, 'soup')])).toBe(false)
  expect(lookOf(suggested)).not.toBe(lookOf({ ...suggested, params: {} }))
})

it('knows how to look at a candidate', () => {
  const face = (filename: string) => faceOf(candidate(1, '', filename), FILE)
  expect(['a.csv', 'a.json', 'a.txt', 'a.plotly.json', 'a.bin'].map(face)).toEqual([
    'sheet', 'json', 'text', 'figure', 'other',
  ])
  expect(faceOf(candidate(1, 'soup'), NOTE)).toBe('note')
  expect(faceOf(candidate(1), NOTE)).toBe('params')
  expect(faceOf(candidate(1, 'soup'), FILE)).toBe('none')
  expect(aspectOf(['none', 'image', 'image'])).toBe(1)
  expect(aspectOf([])).toBe(1)
  expect(aspectOf(['none', 'image', 'audio'], 2)).toBe(3)
})

it('makes UUIDs of the fourth version, each another', () => {
  const made = Array.from({ length: 50 }, newUuid)
  for (const id of made) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(new Set(made).size).toBe(50)
})
