import { expect, it } from 'vitest'
import { arranged, columnsFor, moved, neighbour, placeCount, restored } from './places'

it('fills the places in the order of who waits', () => {
  expect(arranged([], [3, 1, 2], 2)).toEqual([3, 1])
  expect(arranged([], [3], 3)).toEqual([3, null, null])
})

it('lets everybody stay who waits, and gives the free places to the next', () => {
  expect(arranged([3, 1, 2], [2, 3, 7, 8], 3)).toEqual([3, 7, 2])
  expect(arranged([3, null, 2], [2, 3], 3)).toEqual([3, null, 2])
})

it('lets come back to the same place who went, if it is free', () => {
  const homes = new Map([[8, 2], [9, 0]])
  expect(arranged([null, 1, null], [1, 8, 9], 3, homes)).toEqual([9, 1, 8])
  expect(arranged([4, 1, null], [1, 4, 9], 3, homes)).toEqual([4, 1, 9])
})

it('keeps on the screen who loses the place to a smaller count', () => {
  expect(arranged([3, 1, 2, 4], [2, 4, 5], 3)).toEqual([4, 5, 2])
})

it('has as many places as wait or will wait, and two at least', () => {
  expect(placeCount(9, 3, 4)).toBe(4)
  expect(placeCount(9, 20, 4)).toBe(9)
  expect(placeCount(3, 20, 4)).toBe(3)
  expect(placeCount(9, 0, null)).toBe(2)
})

it('brings back who was taken away to where they were', () => {
  const homes = new Map([[1, 0], [2, 1], [3, 2], [7, 1]])
  expect(restored([1, 7, null], [2, 3], homes)).toEqual([1, 2, 3])
  // Who has to make room is not lost, but waits.
  expect(arranged(restored([1, 7, 3], [2], homes), [1, 2, 3, 7], 4)).toEqual([1, 2, 3, 7])
})

it('moves one to another place, and the others up', () => {
  expect(moved([1, 2, 3, 4], 3, 0)).toEqual([4, 1, 2, 3])
  expect(moved([1, 2, 3, 4], 0, 2)).toEqual([2, 3, 1, 4])
})

it('steps in a ranking over places that are not ranked', () => {
  expect(neighbour([1, null, 2, 3], 0, 1, [1, 3])).toBe(3)
  expect(neighbour([1, null, 2, 3], 0, -1, [1, 3])).toBeUndefined()
})

it('shows pictures as large as the screen lets them be', () => {
  expect(columnsFor(4, 370, 600)).toBe(2)
  expect(columnsFor(2, 370, 600)).toBe(1)
  expect(columnsFor(9, 370, 600)).toBe(3)
  expect(columnsFor(4, 1400, 560)).toBe(4)
  expect(columnsFor(4, 370, 600, 4)).toBe(1)
  expect(columnsFor(9, 0, 0)).toBe(1)
  const desktop = [5, 6, 7].map((count) => columnsFor(count, 1408, 573, 4 / 3))
  expect(desktop).toEqual([3, 3, 4])
  const phone = [5, 6, 7].map((count) => columnsFor(count, 370, 600, 4 / 3))
  expect(phone).toEqual([2, 2, 3])
})
