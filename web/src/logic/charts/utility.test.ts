import { expect, test } from 'vitest'
import type { UtilityAxis, UtilityLine, UtilityTrial } from '../../data/api.gen'
import { sceneCsv } from './csv'
import type { Layer } from './scene'
import { layoutOf, WHOLE } from '../../charts/layout'
import { bestOf, lineScene, surfaceScene } from './utility'

const trial = (number: number, mean: number): UtilityTrial => ({ number, mean, std: 0.2, best: 0.5 })
const TRIALS = [trial(3, 0.1), trial(5, 0.9)]
const X: UtilityAxis = { param: 'x', labels: null, log: true, integer: false, trials: [0.01, 1] }
const KIND: UtilityAxis = { param: 'kind', labels: ['a', 'b'], log: false, integer: false, trials: [0, 1] }
const line = (axis: UtilityAxis, x: number[]): UtilityLine => ({
  axis, x, mean: x.map(() => 0.5), std: x.map(() => 0.1), range: 1,
}) // prettier-ignore
const of = <K extends Layer['kind']>(layers: Layer[], kind: K) => layers.filter((layer): layer is Extract<Layer, { kind: K }> => layer.kind === kind)

test('the best trial has the highest mean', () => {
  expect(bestOf(TRIALS)).toBe(5)
  expect(bestOf([])).toBeUndefined()
})

test('a number has a line in a band, and its trials', () => {
  const scene = lineScene(line(X, [0.001, 0.1, 10]), TRIALS)
  expect(scene.x.kind).toBe('log')
  expect(layoutOf(scene, WHOLE, 400, 300).x.at(10)).toBeLessThan(1)
  const [band] = of(scene.layers, 'band')
  expect([band!.low[0], band!.high[0]]).toEqual([expect.closeTo(0.304), expect.closeTo(0.696)])
  expect(of(scene.layers, 'line')).toHaveLength(1)
  const [points] = of(scene.layers, 'points')
  expect([...Array.from(points!.ids)]).toEqual([3, 5])
  expect(Array.from(points!.y)).toEqual([0.1, 0.9])
  expect(points!.styles[points!.style[1]!]!.label).toBe('Probably the best')
  expect(scene.notes).toEqual([expect.stringContaining('as in trial 5. A dot off the estimate')])
})

test('choices have marks with error bars, and no line between them', () => {
  const scene = lineScene(line(KIND, [0, 1]), TRIALS)
  expect(scene.x.labels).toEqual(['a', 'b'])
  expect(of(scene.layers, 'line')).toEqual([])
  const [whiskers] = of(scene.layers, 'whiskers')
  expect(Array.from(whiskers!.x)).toEqual([0, 1])
  const [means, points] = of(scene.layers, 'points')
  expect([...Array.from(means!.ids)].every(Number.isNaN)).toBe(true)
  expect(Array.from(points!.x, (place) => Math.abs(Math.round(place)))).toEqual([0, 1])
})

test('a surface shows the mean, the highest brightest, or how certain it is', () => {
  const grid = { version: 1, x: [0.001, 10], y: [0, 1], mean: [[0, 1], [2, 3]], std: [[4, 5], [6, 7]] } // prettier-ignore
  const mean = surfaceScene(grid, [X, KIND], TRIALS, 'mean', true)
  const [heat] = of(mean.layers, 'heat')
  expect([heat!.low, heat!.high]).toEqual([0, 3])
  expect(mean.bar).toMatchObject({ label: 'Estimated utility', lowLabel: '0.00', highLabel: '3.00' })
  expect(heat!.ramp).toBe(mean.bar!.ramp)
  expect(of(mean.layers, 'points')).toHaveLength(1)
  const std = surfaceScene(grid, [X, KIND], TRIALS, 'std', false)
  expect(of(std.layers, 'heat')[0]).toMatchObject({ low: 4, high: 7, z: grid.std })
  expect(of(std.layers, 'points')).toEqual([])
  expect(sceneCsv(std).split('\r\n').slice(0, 3)).toEqual(['series,trial,x,kind,Standard deviation', 'grid,,0.001,a,4', 'grid,,10,a,5'])
})
