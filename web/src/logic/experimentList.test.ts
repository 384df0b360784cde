import { expect, it } from 'vitest'
import type { ExperimentRow } from '../data/api.gen'
import { filtered, frequencies, parseSort, sorted, toggled } from './experimentList'

let last = 0
function row(name: string, more: Partial<ExperimentRow> = {}): ExperimentRow {
  const counts = { total: 0, PLANNED: 0, RUNNING: 0, COMPLETED: 0, PRUNED: 0, FAILED: 0, CANCELLED: 0, other: 0 }
  last += 1
  return {
    id: last, kind: 'optuna', name, directions: ['minimize'], tags: [], counts, best: null,
    best_trial: null, objective_names: [], time_created: last, last_activity: null, trend: [],
    stale: 0, is_preferential: false, comment: null, version: 0, ...more,
  }
}
const names = (rows: ExperimentRow[]) => rows.map((one) => one.name)
const all = { words: '', kinds: [], tags: [] }

it('all words have to be found, in the name, the tags or the comment', () => {
  const rows = [row('ResNet sweep', { tags: ['vision'] }), row('resnet', { comment: 'a Vision test' }), row('bert')]
  expect(names(filtered(rows, { ...all, words: ' VISION resnet' }))).toEqual(['ResNet sweep', 'resnet'])
  expect(names(filtered(rows, { ...all, words: 'vision bert' }))).toEqual([])
})

it('one of the kinds is enough, but all of the tags are needed', () => {
  const rows = [row('a', { tags: ['x', 'y'] }), row('b', { kind: 'ax', tags: ['x'] }), row('c', { kind: 'tracking' })]
  expect(names(filtered(rows, { ...all, kinds: ['Ax', 'Tracking'] }))).toEqual(['b', 'c'])
  expect(names(filtered(rows, { ...all, tags: ['x', 'y'] }))).toEqual(['a'])
})

it('what has nothing to sort by comes last either way', () => {
  const rows = [row('a', { best: 2 }), row('b'), row('c', { best: '-inf' }), row('d', { best: 'nan' }), row('e', { best: 'inf' })]
  expect(names(sorted(rows, 'best'))).toEqual(['c', 'a', 'e', 'd', 'b'])
  expect(names(sorted(rows, '-best'))).toEqual(['e', 'a', 'c', 'd', 'b'])
})

it('numbers in names count as numbers', () => {
  expect(names(sorted([row('run 10'), row('Run 9'), row('run 1')], 'name'))).toEqual(['run 1', 'Run 9', 'run 10'])
})

it('an unknown sort shows the newest first', () => {
  expect(parseSort('nonsense')).toEqual({ sort: 'created', descending: true })
  expect(parseSort('-name')).toEqual({ sort: 'name', descending: true })
})

it('counts texts, the most frequent first', () => {
  expect(frequencies(['b', 'a', 'c', 'c'])).toEqual([['c', 2], ['a', 1], ['b', 1]])
})

it('toggles an item', () => {
  expect([toggled([1, 2], 2), toggled([1], 3)]).toEqual([[1], [1, 3]])
})
