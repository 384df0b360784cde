import { expect, it } from 'vitest'
import { between, moved, nextOf, parseNumbers, toggled, trialsPath, windowOf } from './selection'

it('numbers of the address are unique and whole', () => {
  expect(parseNumbers('1,2,2,x,-3,4.5')).toEqual([1, 2, -3])
  expect(parseNumbers('')).toEqual([])
})

it('a trial is added and taken away, the last one stays', () => {
  expect(toggled([1], 2)).toEqual([1, 2])
  expect(toggled([1, 2], 1)).toEqual([2])
  expect(toggled([1], 1)).toEqual([1])
  expect(toggled([1], 1, true)).toEqual([])
})

it('a range goes both ways and leaves out what is not loaded', () => {
  const rows = ['a', undefined, 'c', 'd']
  expect(between(rows, 0, 2)).toEqual(['a', 'c'])
  expect(between(rows, 3, 2)).toEqual(['c', 'd'])
})

it('moving ends at the ends', () => {
  expect(moved(0, -1, 10)).toBe(0)
  expect(moved(8, 5, 10)).toBe(9)
})

it('what is asked for covers what is seen and stays while one scrolls a little', () => {
  expect(windowOf(0, 20)).toEqual({ offset: 0, limit: 100 })
  expect(windowOf(160, 190)).toEqual({ offset: 100, limit: 200 })
  expect(windowOf(161, 191)).toEqual(windowOf(180, 220))
  const { offset, limit } = windowOf(99_950, 99_999)
  expect(offset).toBeLessThanOrEqual(99_900)
  expect(offset + limit).toBeGreaterThanOrEqual(100_000)
})

it('the address of trials keeps the filter', () => {
  expect(trialsPath(1, [2, 3], '')).toBe('/studies/1/trials?numbers=2,3')
  expect(trialsPath(1, [2], 'value < 1')).toBe('/studies/1/trials?numbers=2&filter=value%20%3C%201')
})

it('the next running trial is the next higher one, then the first again', () => {
  expect(nextOf([9, 3, 10], 9)).toBe(10)
  expect(nextOf([9, 3, 10], 10)).toBe(3)
  expect(nextOf([9], 9)).toBeUndefined()
})
