import { describe, expect, it } from 'vitest'
import { rampColour, rampInk, SHADES, shade, shadesOf, statusStyle } from './palette'

describe('a palette', () => {
  it('keeps values outside of a ramp at its ends', () => {
    expect(shade('values', -1)).toBe(shade('values', 0))
    expect(shade('values', 2)).toBe(shade('values', 1))
  })
  it('turns its ramps around on dark ground', () => {
    expect(rampColour(rampInk('values', 0.25), false)).toBe(shade('values', 0.25))
    expect(rampColour(rampInk('values', 0.25), true)).toBe(shade('values', 0.75))
  })
  it('has one ramp that means the same on any ground', () => {
    expect(rampColour(rampInk('liked', 1), true)).toBe(rampColour(rampInk('liked', 1), false))
  })
  it('gives the smallest value the first shade and the largest the last', () => {
    expect([...shadesOf([1, 3, 2], 1, 3)]).toEqual([0, SHADES - 1, SHADES / 2])
  })
  it('has a shape of its own for each known status, and one for all others', () => {
    const shapes = ['COMPLETED', 'PRUNED', 'RUNNING', 'FAILED', 'PLANNED', 'TIMEOUT'].map(
      (status) => statusStyle(status).shape,
    )
    expect(new Set(shapes).size).toBe(6)
  })
})
