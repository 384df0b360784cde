import { expect, it } from 'vitest'
import type { RunColumn } from '../../data/api.gen'
import { inSight, keysAround, moved, nextSort, placed, shownColumns, toggledKey, usualPins, withPin } from './columns'

const column = (key: string, more: Partial<RunColumn> = {}): RunColumn => ({
  key, label: key, group: 'args', kind: 'number', lower_is_better: false, ...more,
})
const many = (count: number) => Array.from({ length: count }, (_, i) => `args.a${i}`)
const shown = (keys: string[]) => shownColumns(new Map(keys.map((key) => [key, column(key)])), keys, Object.fromEntries(keys.map((key) => [key, 100])))
const abc = { keys: ['a', 'b', 'c', 'd'], pinned: 1 }

it('puts columns side by side, as wide as they were made', () => {
  const columns = shownColumns(new Map([['args.lr', column('args.lr')]]), ['args.lr', 'args.gone'], { 'args.lr': 80 })
  expect(columns.map(({ key, left, width, label }) => [key, left, width, label])).toEqual([
    ['args.lr', 0, 80, 'args.lr'],
    ['args.gone', 80, 140, 'args.gone'],
  ])
})

it('draws only columns that are in sight, and those that stay', () => {
  const { pinned, visible, before, width } = inSight(shown(many(100)), 2, 5000, 1000)
  expect(pinned.map(({ key }) => key)).toEqual(['args.a0', 'args.a1'])
  expect(visible[0]?.left).toBe(5000)
  expect(visible.length).toBeLessThan(16)
  expect([before, width]).toEqual([4800, 10_000])
})

it('lets columns that were to stay scroll where they would leave no room', () => {
  expect(inSight(shown(many(5)), 3, 0, 390).pinned.length).toBe(2)
})

it('asks for all columns, or around what is in sight if they are many', () => {
  expect(keysAround(inSight(shown(many(20)), 1, 0, 1000))).toHaveLength(20)
  const keys = keysAround(inSight(shown(many(500)), 1, 30_000, 1000))
  expect(keys.length).toBeLessThan(50)
  expect(keys).toEqual(expect.arrayContaining(['args.a0', 'args.a299', 'args.a310']))
})

it('moves columns, also to and from those that stay', () => {
  expect(moved(abc, 'c', -1)).toEqual({ keys: ['a', 'c', 'b', 'd'], pinned: 1 })
  expect(moved(abc, 'b', -1)).toEqual({ keys: ['b', 'a', 'c', 'd'], pinned: 2 })
  expect(placed(abc, 'a', 3)).toEqual({ keys: ['b', 'c', 'd', 'a'], pinned: 0 })
  expect([moved(abc, 'a', -1), moved(abc, 'd', 1), moved(abc, 'x', 1)]).toEqual([abc, abc, abc])
})

it('pins a column behind those that are, and lets it go', () => {
  const pinned = withPin(abc, 'd', true)
  expect(pinned).toEqual({ keys: ['a', 'd', 'b', 'c'], pinned: 2 })
  expect(withPin(pinned, 'a', false)).toEqual({ keys: ['d', 'a', 'b', 'c'], pinned: 1 })
  expect(withPin(abc, 'a', true)).toEqual(abc)
})

it('shows and hides columns', () => {
  expect(toggledKey(abc, 'e')).toEqual({ keys: ['a', 'b', 'c', 'd', 'e'], pinned: 1 })
  expect(toggledKey(abc, 'a')).toEqual({ keys: ['b', 'c', 'd'], pinned: 0 })
})

it('keeps what runs are called at the left', () => {
  expect([['id', 'name', 'status'], ['id', 'status'], []].map(usualPins)).toEqual([2, 1, 0])
})

it('sorts with the best, the largest or the newest in front, then the other way, then by age again', () => {
  const newest = { key: 'id', descending: true }
  const clicks = (of: RunColumn) => {
    const first = nextSort(newest, of, newest)
    const second = nextSort(first, of, newest)
    return [first.descending, second.descending, nextSort(second, of, newest).key]
  }
  expect(clicks(column('best:acc', { group: 'metrics' }))).toEqual([true, false, 'id'])
  expect(clicks(column('best:loss', { group: 'metrics', lower_is_better: true }))).toEqual([false, true, 'id'])
  expect(clicks(column('args.lr'))).toEqual([false, true, 'id'])
  expect(clicks(column('created', { kind: 'time' }))).toEqual([true, false, 'id'])
})

it('a phone has narrower columns, except where somebody set the width', () => {
  const known = new Map(['id', 'status', 'args.a_rather_long_name'].map((key) => [key, column(key)]))
  const all = (isSlim: boolean) => shownColumns(known, ['id', 'args.a_rather_long_name'], {}, isSlim).map(({ width }) => width)
  expect(all(true).every((width, at) => width < all(false)[at]!)).toBe(true)
  expect(shownColumns(known, ['id'], { id: 200 }, true)[0]?.width).toBe(200)
})
