import { describe, expect, it } from 'vitest'
import { PointGrid } from './grid'

const random = (seed: number) => () => (seed = (seed * 16807) % 2147483647) / 2147483647
const next = random(7)
const xs = Float32Array.from({ length: 5000 }, () => next() * 800)
const ys = Float32Array.from({ length: 5000 }, () => next() * 300)
const grid = new PointGrid(xs, ys, 800, 300)

describe('a grid of points', () => {
  it('finds the same nearest point as looking at all', () => {
    for (let k = 0; k < 200; k++) {
      const [x, y] = [next() * 800, next() * 300]
      const all = Array.from(xs, (px, i) => Math.hypot(px - x, ys[i]! - y))
      const least = Math.min(...all)
      expect(grid.nearest(x, y, 24)).toBe(least <= 24 ? all.indexOf(least) : -1)
    }
  })
  it('finds exactly the points in a rectangle', () => {
    const all = [...xs.keys()].filter(
      (i) => xs[i]! >= 100 && xs[i]! <= 333 && ys[i]! >= 50 && ys[i]! <= 90,
    )
    expect(grid.within(100, 50, 333, 90)).toEqual(all)
  })
  it('does not find points that have no place', () => {
    expect(new PointGrid([NaN], [10], 100, 100).within(0, 0, 100, 100)).toEqual([])
  })
})
