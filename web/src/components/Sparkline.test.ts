import { expect, it } from 'vitest'
import { stepPath } from './Sparkline'

it('draws steps from left to right within the box', () => {
  expect(stepPath([3, 2, 1], 104, 24)).toEqual({ d: 'M1 2H51V12H101V22', x: 101, y: 22 })
})

it('leaves out what is no number, and draws nothing of a single one', () => {
  expect(stepPath([NaN, 3, Infinity, 1], 104, 24)?.d).toBe('M1 2H101V22')
  expect(stepPath([NaN, 3], 104, 24)).toBeUndefined()
})

it('draws equal values in the middle', () => {
  expect(stepPath([2, 2], 104, 24)?.y).toBe(12)
})
