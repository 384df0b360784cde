import { expect, it } from 'vitest'
import type { ComparedRow, RunComparison, RunCurves, RunHead } from '../../data/api.gen'
import { runCurvesScene, valuesAt, withDetail, type RunCurvesOptions } from './runCurves'
import { looksOf, runNames } from './runLooks'

const head = (id: number, options: Partial<RunHead> = {}): RunHead => ({
  id, experiment_id: 1, experiment: 'digits', kind: 'tracking', number: id - 1, name: null, status: 'COMPLETED', ...options,
}) // prettier-ignore

const row = (key: string, values: unknown[], options: Partial<ComparedRow> = {}): ComparedRow => ({
  key, label: key.replace('args.', ''), group: 'args', kind: 'number', values, differs: true, lower_is_better: false, ...options,
}) // prettier-ignore

const comparison = (runs: RunHead[], rows: ComparedRow[] = []): RunComparison => ({ runs, rows, links: [], missing: [] })

const found = (curves: RunCurves['curves']): RunCurves => ({
  metric: 'loss', curves, bands: [], estimated: false, left_out: 0,
}) // prettier-ignore

const OPTIONS: RunCurvesOptions = {
  metric: 'loss', x: 'step', logX: false, logY: false, smoothing: 0, spread: 'range', group: '', groups: [],
  looks: looksOf(comparison([head(1), head(2)]), ''),
} // prettier-ignore

const TWO = found([
  { id: 1, runs: [1], x: [0, 10, 20], y: [3, 2, 1] },
  { id: 2, runs: [2], x: [0, 10], y: [5, 'nan'] },
])

it('calls runs by their names, and tells those of the same name apart', () => {
  expect([...runNames([head(1, { name: 'a' }), head(2, { name: 'a' }), head(3)]).values()]).toEqual(['a (run 1)', 'a (run 2)', 'Run 3'])
  const others = [head(1), head(2, { experiment_id: 2, experiment: 'words', name: 'b' })]
  expect([...runNames(others).values()]).toEqual(['digits Run 1', 'words b'])
})

it('tells a few of the arguments that differ, and colours by run or by one of them', () => {
  const rows = [row('args.model', ['vit', 'cnn', 'vit'], { kind: 'text' }), row('args.same', [1, 1, 1], { differs: false })]
  const runs = [head(1), head(2), head(3)]
  const plain = looksOf(comparison(runs, rows), '')
  expect([...plain.byId.values()].map(({ label }) => label)).toEqual(['Run 1 model=vit', 'Run 2 model=cnn', 'Run 3 model=vit'])
  expect(new Set([...plain.byId.values()].map(({ ink }) => ink)).size).toBe(3)
  const inks = [...looksOf(comparison(runs, rows), 'args.model').byId.values()].map(({ ink }) => ink)
  expect(inks[0]).toBe(inks[2])
  expect(inks[0]).not.toBe(inks[1])
})

it('gives many numbers places of a ramp', () => {
  const runs = Array.from({ length: 12 }, (_, i) => head(i + 1))
  const looks = looksOf(comparison(runs, [row('args.lr', runs.map((_, i) => (i === 5 ? null : i)))]), 'args.lr')
  expect(looks.bar).toMatchObject({ label: 'lr', low: 0, high: 11 })
  expect(looks.byId.get(1)!.ink).toBe('ramp:values:0.000')
  expect(looks.byId.get(6)!.ink).toBe('--other')
})

it('draws a line for each run, with gaps where a value is no number', () => {
  const scene = runCurvesScene(TWO, OPTIONS)
  expect(scene.layers.map((layer) => layer.kind === 'line' && [layer.id, ...Array.from(layer.y)])).toEqual([
    [1, 3, 2, 1],
    [2, 5, NaN],
  ])
  expect(scene.summary).toBe('loss of 2 runs.')
  expect(scene.notes).toEqual([])
})

it('leaves the raw line faint behind the smoothed one, where it is not hovered', () => {
  const [raw, smoothed] = runCurvesScene(TWO, { ...OPTIONS, smoothing: 0.9 }).layers
  expect(raw).toMatchObject({ kind: 'line', alpha: 0.22 })
  expect(raw && 'id' in raw).toBe(false)
  expect(smoothed).toMatchObject({ kind: 'line', id: 1 })
  expect(Array.from((smoothed as { y: ArrayLike<number> }).y)[2]).toBeGreaterThan(1.5)
})

it('says that times are estimated, and what is left out', () => {
  const { x, notes } = runCurvesScene({ ...TWO, estimated: true, left_out: 2 }, { ...OPTIONS, x: 'time' })
  expect(x.kind).toBe('time')
  expect(notes).toEqual([expect.stringMatching(/^Times are estimated/), '2 curves more are left out.'])
})

it('draws groups as means with bands, each in the colour of its value', () => {
  const band = { value: 'cnn', runs: [1, 2], x: [0, 1], mean: [2, 3], low: [1, 1], high: [3, 5], std: [1, 2], count: [2, 2] }
  const options: RunCurvesOptions = { ...OPTIONS, group: 'model', groups: ['vit', 'cnn', 'vit'] }
  const [ground, mean] = runCurvesScene({ ...TWO, curves: [], bands: [band] }, options).layers
  expect(ground).toMatchObject({ kind: 'band', low: [1, 1], high: [3, 5], ink: '--category-1' })
  expect(mean).toMatchObject({ kind: 'line', y: [2, 3], label: 'model = cnn (2 runs)' })
  const [narrow] = runCurvesScene({ ...TWO, curves: [], bands: [band] }, { ...options, spread: 'std' }).layers
  expect(narrow).toMatchObject({ low: [1, 1], high: [3, 5] })
})

it('puts more detail in the place of what it is of', () => {
  const detail = found([{ id: 1, runs: [1], x: [8, 9, 10, 11], y: [9, 9, 9, 9] }])
  const [one, two] = withDetail(TWO, detail, 7, 12).curves
  expect(one).toMatchObject({ x: [0, 8, 9, 10, 11, 20], y: [3, 9, 9, 9, 9, 1] })
  expect(two).toBe(TWO.curves[1])
})

it('tells the values of all lines at an x, the highest first, but not of those that have ended', () => {
  const scene = runCurvesScene(TWO, OPTIONS)
  expect(valuesAt(scene, 1).map(({ line, x, y }) => [line.id, x, y])).toEqual([[1, 0, 3]])
  expect(valuesAt(scene, 0).map(({ line, y }) => [line.id, y])).toEqual([[2, 5], [1, 3]])
  expect(valuesAt(scene, 14).map(({ line, x }) => [line.id, x])).toEqual([[1, 10]])
})
