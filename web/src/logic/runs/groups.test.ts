import { expect, it } from 'vitest'
import type { RunColumn, RunGroup } from '../../data/api.gen'
import { bestOf, countsOf, sortedGroups } from './groups'

const group = (value: unknown, count: number, acc?: [mean: number, low: number, high: number]): RunGroup => ({
  value, filter: '', count, means: { acc: acc?.[0] ?? null }, lows: { acc: acc?.[1] ?? null }, highs: { acc: acc?.[2] ?? null },
})
const groups = [group('mlp', 9, [0.5, 0.4, 0.6]), group('vit', 5, [0.7, 0.2, 0.8]), group(null, 2), group('cnn', 1, [0.6, 0.5, 0.9])]
const order = (key: string, descending: boolean, measure: 'best' | 'mean' | 'low' | 'high' = 'mean', columns: RunColumn[] = []) =>
  sortedGroups(groups, { key, descending }, 'args.model', measure, columns).map(({ value }) => value)

it('counts runs by status', () => {
  expect(countsOf([group('COMPLETED', 3), group('TIMEOUT', 2), group('FAILED', 1)])).toMatchObject({ total: 6, COMPLETED: 3, FAILED: 1, other: 2 })
})

it('sorts groups by what the table is sorted by, those that have nothing of it last', () => {
  expect(order('acc', true)).toEqual(['vit', 'cnn', 'mlp', null])
  expect(order('acc', true, 'high')).toEqual(['cnn', 'vit', 'mlp', null])
  expect(order('acc', false, 'low')).toEqual(['vit', 'mlp', 'cnn', null])
  expect(order('args.model', false)).toEqual(['cnn', 'mlp', 'vit', null])
  expect(order('acc', true, 'best')).toEqual(order('acc', true, 'mean'))
})

it('leaves the largest first where groups have nothing of it at all', () => {
  expect(order('id', true)).toEqual(['mlp', 'vit', null, 'cnn'])
})

it('knows the best of each metric', () => {
  const column = (key: string, lower_is_better: boolean) => ({ key, label: key, group: 'metrics' as const, kind: 'number' as const, lower_is_better })
  const some = [{ ...group('a', 1), lows: { 'best:loss': 0.1 }, highs: { 'best:loss': 3, 'best:acc': 0.8 } }, { ...group('b', 1), lows: { 'best:loss': 'nan' as const }, highs: { 'best:acc': 0.9 } }]
  const best = bestOf(some, [column('best:loss', true), column('best:acc', false), column('n:acc', false), column('args.lr', false)])
  expect([...best]).toEqual([['best:loss', 0.1], ['best:acc', 0.9]])
})
