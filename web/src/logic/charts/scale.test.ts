import { describe, expect, it } from 'vitest'
import { extent, makeScale, moved, padded, zoomed } from './scale'

describe('a scale', () => {
  it.each(['linear', 'log', 'time'] as const)('%s finds its way back', (kind) => {
    const scale = makeScale(kind, [2, 50])
    expect(scale.invert(scale.at(7))).toBeCloseTo(7, 9)
  })
  it('has no place for 0 on a log axis', () => {
    expect(makeScale('log', [1, 10]).at(0)).toBeNaN()
  })
  it('keeps what is under the pointer when it zooms', () => {
    const scale = makeScale('log', [1, 100])
    const closer = makeScale('log', zoomed(scale, 0.5, 0.5))
    expect(closer.at(10)).toBeCloseTo(0.5, 9)
  })
  it('moves by a part of its length', () => {
    expect(moved(makeScale('linear', [0, 10]), 0.5)).toEqual([5, 15])
  })
})

describe('an extent', () => {
  it('leaves out what cannot be drawn', () => {
    expect(extent([[NaN, 3, Infinity], [-1]])).toEqual([-1, 3])
    expect(extent([[0, -2, 5]], true)).toEqual([5, 5])
    expect(extent([[NaN]])).toBeNull()
  })
  it('of one value gets room around it', () => {
    const [min, max] = padded('linear', [0, 0])
    expect(min).toBeLessThan(0)
    expect(max).toBeGreaterThan(0)
    expect(padded('log', [5, 5])).toEqual([2.5, 10])
  })
})
