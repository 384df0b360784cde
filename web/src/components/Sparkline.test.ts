import { expect, it } from 'vitest'
import { sparkPath } from './Sparkline'

it('draws a line from left to right within the box', () => {
  expect(sparkPath([3, 2, 1], 104, 24, false)).toEqual({ d: 'M1 2L51 12L101 22', x: 101, y: 22 })
})

it('draws steps of what holds until the next value', () => {
  expect(sparkPath([3, 2, 1], 104, 24, true)).toEqual({ d: 'M1 2H51V12H101V22', x: 101, y: 22 })
})

it('leaves out what is no number, and draws nothing of a single one', () => {
  expect(sparkPath([NaN, 3, Infinity, 1], 104, 24, false)?.d).toBe('M1 2L101 22')
  expect(sparkPath([NaN, 3], 104, 24, false)).toBeUndefined()
})

it('draws equal values in the middle', () => {
  expect(sparkPath([2, 2], 104, 24, false)?.y).toBe(12)
})
