import { expect, it } from 'vitest'
import type { ComparedRow } from '../../data/api.gen'
import { bestPlaces, comparedGroups, comparedText, deltaOf, isLike, rowName } from './compared'

const row = (key: string, values: unknown[], options: Partial<ComparedRow> = {}): ComparedRow => ({
  key, label: key.replace(/^[a-z]+[.:]/, ''), group: 'args', kind: 'number', values,
  differs: new Set(values.map((value) => JSON.stringify(value))).size > 1, lower_is_better: false, ...options,
}) // prettier-ignore

const LOSS = row('best:loss', [1, 0.5, null], { group: 'metrics', lower_is_better: true })
const ROWS = [
  row('args.lr', [0.1, 0.1, 0.1]),
  row('args.model', ['vit', 'cnn', 'vit'], { kind: 'text' }),
  LOSS,
  row('mean:loss', [2, 1, null], { group: 'metrics', lower_is_better: true }),
]
const USUAL = { onlyDiffering: true, search: '', allFigures: false }
const keys = (narrowed: Partial<typeof USUAL>) =>
  comparedGroups(ROWS, { ...USUAL, ...narrowed }).map(({ group, rows, left }) => [group, rows.map(({ key }) => key), left])

it('shows what differs, metrics before arguments', () => {
  expect(keys({})).toEqual([
    ['metrics', ['best:loss'], 0],
    ['args', ['args.model'], 1],
  ])
})

it('shows all, or what has the words', () => {
  expect(keys({ onlyDiffering: false })).toEqual([
    ['metrics', ['best:loss'], 0],
    ['args', ['args.lr', 'args.model'], 0],
  ])
  expect(keys({ search: ' MOD ' })).toEqual([
    ['metrics', [], 1],
    ['args', ['args.model'], 1],
  ])
  expect(keys({ allFigures: true })[0]).toEqual(['metrics', ['best:loss', 'mean:loss'], 0])
})

it('tells how far a run is from the baseline, and whether that is better', () => {
  expect(deltaOf(LOSS, 1, 0)).toEqual({ text: '−0.5', better: true })
  expect(deltaOf(LOSS, 0, 1)).toEqual({ text: '+0.5', better: false })
  expect([deltaOf(LOSS, 0, 0), deltaOf(LOSS, 2, 0)]).toEqual([null, null])
  expect(deltaOf(row('args.lr', [1, 2]), 1, 0)).toEqual({ text: '+1', better: null })
  expect(deltaOf(row('n:loss', [1, 2], { group: 'metrics' }), 1, 0)).toEqual({ text: '+1', better: null })
  expect(deltaOf(row('duration', [60, 90], { group: 'run', kind: 'duration' }), 1, 0)!.text).toBe('+30 s')
})

it('marks the best runs of a metric', () => {
  expect([...bestPlaces(LOSS)]).toEqual([1])
  expect([...bestPlaces(row('last:acc', [0.9, 'nan', 0.9, 0.1], { group: 'metrics' }))]).toEqual([0, 2])
  expect(bestPlaces(row('args.lr', [1, 2])).size).toBe(0)
  expect(bestPlaces(row('best:acc', [1, 1], { group: 'metrics' })).size).toBe(0)
})

it('writes cells and names for people', () => {
  expect(rowName(LOSS)).toEqual({ name: 'loss', word: 'best' })
  expect(rowName(ROWS[0]!)).toEqual({ name: 'lr', word: '' })
  expect([comparedText(LOSS, 1), comparedText(LOSS, 2)]).toEqual(['0.5', '–'])
  expect(comparedText(row('tags', [['a', 'b'], []], { group: 'run', kind: 'tags' }), 0)).toBe('a, b')
  expect([isLike(ROWS[1]!, 2, 0), isLike(ROWS[1]!, 1, 0)]).toEqual([true, false])
})
