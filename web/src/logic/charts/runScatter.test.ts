import { expect, it } from 'vitest'
import type { RunCatalogue, RunColumn, RunPoints } from '../../data/api.gen'
import { dimensionOf, mainColumn, mainMetrics, mostRelated, runTable, sampleNote, varying } from './runColumns'
import { runScatterScene } from './runScatter'
import { ranks, spearman } from './spearman'

const column = (key: string, options: Partial<RunColumn> = {}): RunColumn => ({
  key, label: key.replace('args.', ''), group: 'args', kind: 'number', lower_is_better: false, ...options,
}) // prettier-ignore

const POINTS: RunPoints = {
  total: 5,
  sampled: false,
  ids: [11, 12, 13, 14, 15],
  columns: {
    number: { values: [0, 1, 2, 3, 4], labels: null },
    'args.lr': { values: [0.0001, 0.01, 0.1, 1, null], labels: null },
    'args.depth': { values: [2, 2, 2, null, 2], labels: null },
    'args.model': { values: [0, 1, 0, null, 1], labels: ['cnn', 'vit'] },
    'best:loss': { values: [4, 3, 2, 1, 0], labels: null },
  },
}
const table = runTable(POINTS)
const dimension = (key: string, options: Partial<RunColumn> = {}) => dimensionOf(table, column(key, options))
const LOSS = dimension('best:loss', { group: 'metrics', label: 'loss' })

it('shows metrics of validation until others are chosen', () => {
  expect(mainMetrics(['a', 'b', 'c', 'd', 'val_loss', 'e'])).toEqual(['a', 'b', 'c', 'val_loss'])
  const columns = ['best:a', 'best:val_loss'].map((key) => column(key, { group: 'metrics' }))
  const catalogue = { metrics: ['a', 'val_loss'], columns } as unknown as RunCatalogue
  expect(mainColumn(catalogue)!.key).toBe('best:val_loss')
  expect(mainColumn({ ...catalogue, columns: [...columns, column('value')] })!.key).toBe('value')
})

it('puts arguments over powers of ten on logarithmic axes', () => {
  expect(dimension('args.lr')).toMatchObject({ log: true, integer: false, labels: null })
  expect(dimension('args.depth')).toMatchObject({ log: false, integer: true })
  expect(dimension('args.model', { kind: 'text' }).labels).toEqual(['cnn', 'vit'])
  expect(dimension('created', { kind: 'time' }).time).toBe(true)
})

it('finds the arguments that differ, and the one that has most to do with a metric', () => {
  const columns = ['args.depth', 'args.model', 'args.lr'].map((key) => column(key))
  expect(varying(table, columns).map(({ key }) => key)).toEqual(['args.model', 'args.lr'])
  expect(mostRelated(table, columns, 'best:loss')!.key).toBe('args.lr')
})

it('draws runs by two columns, each under its id, without those that have no place', () => {
  const scene = runScatterScene(table, {
    x: dimension('args.lr'), y: LOSS, logX: true, logY: false, colour: undefined, size: undefined, notes: [],
  }) // prettier-ignore
  const [points] = scene.layers
  expect(points).toMatchObject({ kind: 'points' })
  expect(Array.from((points as { ids: ArrayLike<number> }).ids)).toEqual([11, 12, 13, 14])
  expect(scene.x).toMatchObject({ kind: 'log', label: 'lr' })
  expect(scene.notes).toEqual(['Spearman correlation of lr and best loss: −1.', '1 run without a place on both axes is left out.'])
})

it('colours by category, and says which runs have none', () => {
  const scene = runScatterScene(table, {
    x: dimension('number'), y: LOSS, logX: false, logY: false,
    colour: dimension('args.model', { kind: 'text' }), size: dimension('args.lr'), notes: [],
  }) // prettier-ignore
  const [points] = scene.layers
  if (points?.kind !== 'points') throw new Error('no points')
  expect(Array.from(points.style, (style) => points.styles[style]!.label)).toEqual([
    'model = cnn', 'model = vit', 'model = cnn', '(none)', 'model = vit',
  ]) // prettier-ignore
  expect(points.sizes![3]).toBeGreaterThan(points.sizes![1]!)
  expect(points.sizes![4]).toBe(points.sizes![0])
})

it('says when runs were left out', () => {
  expect(sampleNote(POINTS)).toEqual([])
  expect(sampleNote({ ...POINTS, total: 90_000, sampled: true })).toEqual([
    '5 of 90,000 runs are drawn, evenly from the oldest to the newest.',
  ])
})

it('knows the order of lists', () => {
  expect(Array.from(ranks([3, 1, 3, 2]))).toEqual([2.5, 0, 2.5, 1])
  expect(spearman([1, 2, 3, NaN], [1, 10, 100, 5])).toBeCloseTo(1)
  expect(spearman([1, 2, 3], [5, 5, 5])).toBeNaN()
  expect(spearman([1, 2, 3, 4], [2, 1, 4, 3])).toBeCloseTo(0.6)
})
