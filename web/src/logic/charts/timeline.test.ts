import { describe, expect, it } from 'vitest'
import { ends, packed } from './timeline'

const floats = (...values: number[]) => Float64Array.from(values)

describe('a timeline', () => {
  it('uses as few lanes as trials ran at once', () => {
    expect(
      packed([
        [0, 10],
        [2, 4],
        [4, 6],
        [10, 12],
        [11, 13],
      ]),
    ).toEqual([0, 1, 1, 0, 1])
  })
  it('lets a running trial end now', () => {
    expect(ends(floats(0, 10), floats(10, NaN), [0, 1], 20).get(1)).toBe(20)
  })
  it('is not stretched by a trial that has been running for ever', () => {
    expect(ends(floats(0, 10, 12), floats(10, NaN, 22), [0, 1, 2], 1e9).get(1)).toBe(22)
  })
  it('ends now while nothing has finished', () => {
    expect(ends(floats(0), floats(NaN), [0], 1e9).get(0)).toBe(1e9)
  })
})
