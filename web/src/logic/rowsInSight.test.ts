import { expect, test } from 'vitest'
import { rowsInSight, scrollFor } from './rowsInSight'

test('rows in sight are drawn with some around them', () => {
  expect(rowsInSight(100_000, 32, 3200, 640, 6)).toEqual({ first: 94, end: 126 })
})

test('no row is drawn that there is not', () => {
  expect(rowsInSight(4, 32, 0, 640, 6)).toEqual({ first: 0, end: 4 })
  expect(rowsInSight(0, 32, 0, 640, 6)).toEqual({ first: 0, end: 0 })
  // A filter left fewer rows than the box was scrolled by.
  expect(rowsInSight(10, 32, 9000, 640, 6)).toEqual({ first: 10, end: 10 })
})

test('before a box has a size the first rows are drawn', () => {
  expect(rowsInSight(100, 32, 0, 0, 6)).toEqual({ first: 0, end: 6 })
})

test('a row in sight is not scrolled to', () => {
  expect(scrollFor(5, 32, 36, 0, 640)).toBeUndefined()
})

test('a row above comes right below the head, one below to the end of the box', () => {
  expect(scrollFor(5, 32, 36, 320, 640)).toBe(160)
  expect(scrollFor(50, 32, 36, 0, 640)).toBe(36 + 51 * 32 - 640)
})
