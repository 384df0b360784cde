import { describe, expect, it } from 'vitest'
import type { Columns, Contour } from '../../data/api.gen'
import type { Dimension } from './axis'
import { cellEdges, contourScene } from './contour'
import { sceneCsv, toCsv } from './csv'
import { curvesScene } from './curves'
import { comparedHistory, incomparable } from './compare'
import { historyScene, type HistoryOptions } from './history'
import { hypervolume, paretoScene } from './pareto'
import { legendOf, without, type Line, type Points, type Scene, type Whiskers } from './scene'
import { rankScene, sliceScene } from './slice'
import { Table } from './table'

type Cells = (number | 'nan' | 'inf' | '-inf' | null)[]

function table(columns: Record<string, Cells>, status: string[] = []): Table {
  const names = [...new Set(status)]
  const all = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, { values, labels: null }]),
  )
  const text = { values: status.map((word) => names.indexOf(word)), labels: names }
  const made: Columns = {
    version: 1,
    total: status.length,
    sampled: false,
    complete: true,
    columns: { ...all, status: text } as Columns['columns'],
  }
  return new Table(made)
}

const points = (scene: Scene) =>
  scene.layers.find((layer): layer is Points => layer.kind === 'points')!
const line = (scene: Scene) => scene.layers.find((layer): layer is Line => layer.kind === 'line')
const list = (values: ArrayLike<number>) => Array.from(values)

const PLAIN: HistoryOptions = {
  target: 'value:0',
  label: 'Loss',
  x: 'number',
  log: false,
  pruned: true,
  size: 3,
  direction: 'minimize',
}
const study = table(
  {
    number: [0, 1, 2, 3, 4],
    'value:0': [3, 0, 'inf', 2, -1],
    'best:0': [3, 0, 0, 0, 0],
    feasible: [1, 1, 1, 1, 0],
  },
  ['COMPLETED', 'PRUNED', 'COMPLETED', 'COMPLETED', 'COMPLETED'],
)

const withLabels = (made: Table, column: string, labels: string[]): Table => {
  made.columns.columns[column]!.labels = labels
  return made
}
/** Two arms of trial 0, one of which has no error, and trial 1. */
const arms = () =>
  withLabels(
    table(
      {
        number: [-1, -2, 1],
        trial: [0, 0, 1],
        'value:0': [3, 2, 1],
        'best:0': [3, 2, 1],
        'sem:0': [0.5, null, 2],
        'attr:generation_node': [1, 1, 0],
      },
      ['COMPLETED', 'COMPLETED', 'PRUNED'],
    ),
    'attr:generation_node',
    ['MBM', 'Sobol'],
  )

describe('a history of an Ax experiment', () => {
  it('has the arms of a trial side by side', () => {
    const { ids, x } = points(historyScene(arms(), PLAIN))
    expect(list(ids)).toEqual([-1, -2, 1])
    expect(list(x)).toEqual([-0.3, 0.3, 1])
  })
  it('has whiskers of 1.96 standard errors where these are known', () => {
    const scene = historyScene(arms(), { ...PLAIN, errors: 'sem:0' })
    const found = scene.layers.find((layer): layer is Whiskers => layer.kind === 'whiskers')!
    expect(list(found.ids)).toEqual([-1, 1])
    expect(list(found.low)).toEqual([3 - 0.98, 1 - 3.92])
    expect(list(found.high)).toEqual([3 + 0.98, 1 + 3.92])
    expect(legendOf(scene).map(({ label }) => label)).toContain('±1.96 standard errors')
    const left = without(scene, new Set(['±1.96 standard errors'])).layers
    expect(left.map((layer) => layer.kind)).toEqual(['points', 'line'])
  })
  it('has no whiskers where no error is known', () => {
    expect(historyScene(arms(), PLAIN).layers.map((layer) => layer.kind)).toEqual(['points', 'line'])
    const scene = historyScene(study, { ...PLAIN, errors: 'sem:0' })
    expect(scene.layers.map((layer) => layer.kind)).toEqual(['points', 'line'])
  })
  it('has a colour for each node and a shape for each status', () => {
    const { style, styles } = points(
      historyScene(arms(), { ...PLAIN, colour: 'attr:generation_node' }),
    )
    const looks = list(style).map((s) => styles[s]!)
    expect(looks.map(({ label, shape }) => [label, shape])).toEqual([
      ['Sobol', 'circle'],
      ['Sobol', 'circle'],
      ['MBM', 'diamond'],
    ])
    expect(looks[0]!.ink).not.toBe(looks[2]!.ink)
  })
  it('has the status quo from the first to the last trial', () => {
    const reference = { label: 'Status quo (control)', x: [0, 1], y: [3, 4] }
    const quo = line(historyScene(arms(), { ...PLAIN, reference }))!
    expect([list(quo.x), list(quo.y)]).toEqual([
      [-0.3, 0, 1, 1],
      [3, 3, 4, 4],
    ])
    expect(quo.label).toBe('Status quo (control)')
  })
})

describe('a history', () => {
  it('keeps each value with its trial when some cannot be drawn', () => {
    const { ids, y } = points(historyScene(study, PLAIN))
    expect(list(ids)).toEqual([0, 1, 3, 4])
    expect(list(y)).toEqual([3, 0, 2, -1])
  })
  it('leaves pruned trials out when asked to', () => {
    expect(list(points(historyScene(study, { ...PLAIN, pruned: false })).ids)).toEqual([0, 3, 4])
  })
  it('says how many values a log axis has no place for', () => {
    const scene = historyScene(study, { ...PLAIN, log: true })
    expect(list(points(scene).ids)).toEqual([0, 3])
    expect(scene.notes).toEqual(['2 values without a place on this axis.'])
  })
  it('draws the best so far to the last trial', () => {
    const best = line(historyScene(study, PLAIN))!
    expect([list(best.x), list(best.y)]).toEqual([
      [0, 1, 4],
      [3, 0, 0],
    ])
  })
  it('of a user attribute has no best', () => {
    const attr = { ...PLAIN, target: 'attr:size', direction: undefined }
    const scene = historyScene(table({ number: [0], 'attr:size': [5] }, ['COMPLETED']), attr)
    expect(line(scene)).toBeUndefined()
  })
  it('marks infeasible trials apart', () => {
    const scene = historyScene(study, PLAIN)
    expect(legendOf(scene).map((item) => item.label)).toEqual([
      'Complete',
      'Pruned',
      'Infeasible',
      'Best so far',
    ])
  })
  it('hides what was switched off in the legend', () => {
    const scene = without(historyScene(study, PLAIN), new Set(['Pruned', 'Best so far']))
    expect(list(points(scene).ids)).toEqual([0, 3, 4])
    expect(line(scene)).toBeUndefined()
  })
  it('of a maximized objective follows the largest', () => {
    const up = table({ number: [0, 1, 2], 'value:0': [1, 5, 2], 'best:0': [1, 5, 5] }, [
      'COMPLETED',
      'COMPLETED',
      'COMPLETED',
    ])
    expect(list(line(historyScene(up, { ...PLAIN, direction: 'maximize' }))!.y)).toEqual([1, 5, 5])
  })
})

const dimension = (column: string, more: Partial<Dimension> = {}): Dimension => ({
  column,
  label: column,
  log: false,
  labels: null,
  integer: false,
  inAll: true,
  ...more,
})

describe('slice and rank', () => {
  const params = table(
    {
      number: [0, 1, 2],
      'param:x': [0, 0.5, null],
      'param:c': [1, 0, 1],
      'value:0': [0, 2, 1],
      'rank:0': [0, 1, 0.5],
    },
    ['COMPLETED', 'PRUNED', 'COMPLETED'],
  )
  it('keep values of 0', () => {
    const scene = sliceScene(params, {
      param: dimension('param:x'),
      target: dimension('value:0'),
      logX: false,
      logY: false,
      pruned: true,
    })
    expect(list(points(scene).x)).toEqual([0, 0.5])
    expect(list(points(scene).y)).toEqual([0, 2])
  })
  it('can leave pruned trials out', () => {
    const scene = sliceScene(params, {
      param: dimension('param:x'),
      target: dimension('value:0'),
      logX: false,
      logY: false,
      pruned: false,
    })
    expect(list(points(scene).ids)).toEqual([0])
  })
  it('keep the mark of a choice nearer to it than to any other', () => {
    const scene = rankScene(params, {
      x: dimension('param:c', { labels: ['a', 'b'] }),
      y: dimension('value:0'),
      objective: 0,
      label: 'Loss',
    })
    const { x, ids } = points(scene)
    expect(list(x).map(Math.round)).toEqual(list(ids).map((id) => (id === 1 ? 0 : 1)))
  })
  it('draw the best last', () => {
    const scene = rankScene(params, {
      x: dimension('param:c'),
      y: dimension('value:0'),
      objective: 0,
      label: 'Loss',
    })
    expect(list(points(scene).ids)).toEqual([1, 2, 0])
  })
})

describe('a Pareto front', () => {
  const front = table(
    {
      number: [0, 1, 2],
      'value:0': [1, 2, 3],
      'value:1': [3, 1, 3],
      front: [1, 1, 0],
      feasible: [1, 1, 1],
    },
    ['COMPLETED', 'COMPLETED', 'COMPLETED'],
  )
  const asked = {
    x: 0,
    y: 1,
    names: ['a', 'b'],
    directions: ['minimize', 'minimize'],
    logX: false,
    logY: false,
    reference: null,
  }
  it('draws what is not dominated last, and names its axes', () => {
    const scene = paretoScene(front, asked)
    expect(list(points(scene).ids)).toEqual([2, 0, 1])
    expect([scene.x.label, scene.y.label]).toEqual(['a', 'b'])
  })
  it('steps over the worse corner between two trials', () => {
    const { x, y } = line(paretoScene(front, asked))!
    expect(list(x).map((value, i) => [value, y[i]])).toEqual([
      [1, 3],
      [2, 3],
      [2, 1],
    ])
  })
  it('says the hypervolume to a reference point', () => {
    expect(
      hypervolume(
        [
          [1, 3],
          [2, 1],
          [3, 3],
        ],
        [4, 4],
      ),
    ).toBe(7)
    expect(paretoScene(front, { ...asked, reference: [4, 4] }).notes).toEqual([
      'Hypervolume to the reference point: 7.',
    ])
  })
  it('counts nothing beyond the reference point', () => {
    expect(hypervolume([[5, 5]], [4, 4])).toBe(0)
  })
})

describe('curves', () => {
  const curve = (number: number, values: Cells) => ({
    number,
    status: 'COMPLETED',
    value: 1,
    steps: values.map((_, i) => i),
    values,
    name: null,
  })
  const asked = {
    label: 'Loss',
    log: false,
    smoothing: 0,
    best: 1,
    highlighted: new Set<number>(),
    colours: false,
  }
  it('draw the best on top of the others', () => {
    const { layers } = curvesScene([curve(1, [1]), curve(2, [2])], asked)
    expect(layers.map((layer) => (layer as Line).id)).toEqual([2, 1])
  })
  it('have one line in the legend for each status, not for each trial', () => {
    const many = Array.from({ length: 100 }, (_, i) => curve(i, [i]))
    expect(legendOf(curvesScene(many, asked)).map((item) => item.label)).toEqual([
      'Complete',
      'Best trial',
    ])
  })
  it('keep gaps when they are smoothed', () => {
    const scene = curvesScene([curve(2, [1, 'nan', 3])], { ...asked, smoothing: 0.5 })
    expect(list((scene.layers[0] as Line).y)).toEqual([1, NaN, 0.25 / 0.75 + (0.5 * 3) / 0.75])
  })
})

describe('a contour', () => {
  it('has edges half way between its values, and on a log axis half way in the logarithm', () => {
    expect(cellEdges([0, 1, 3], false)).toEqual([-0.5, 0.5, 2, 4])
    expect(cellEdges([1, 100], true).map((value) => Math.round(value * 10) / 10)).toEqual([
      0.1, 10, 1000,
    ])
  })
  it('keeps values of 0 and the places without one', () => {
    const grid: Contour = {
      version: 1,
      x: [0, 1],
      y: [0],
      z: [[0, null]],
      x_labels: null,
      y_labels: null,
      x_log: false,
      y_log: false,
    }
    const scene = contourScene(grid, null, dimension('param:x'), dimension('param:y'), 'Loss')
    expect(sceneCsv(scene).trim().split('\r\n').slice(1)).toEqual(['grid,,0,0,0', 'grid,,1,0,'])
  })
})

describe('compared studies', () => {
  const named = (name: string, ...directions: ('minimize' | 'maximize')[]) => ({ name, directions })
  it('must have as many objectives', () => {
    expect(incomparable([named('a', 'minimize'), named('b', 'minimize', 'minimize')])).toContain(
      'a has 1 objective and b has 2 objectives',
    )
  })
  it('must have the same directions', () => {
    expect(incomparable([named('a', 'minimize'), named('b', 'maximize')])).toContain(
      'a wants to minimize and b to maximize',
    )
  })
  it('are told apart in the legend', () => {
    expect(incomparable([named('a', 'minimize'), named('b', 'minimize')])).toBeNull()
    const scene = comparedHistory(
      [
        { name: 'a', table: study },
        { name: 'b', table: study },
      ],
      PLAIN,
    )
    expect(legendOf(scene).map((item) => item.label)).toEqual(['a', 'b'])
  })
})

describe('the CSV of a chart', () => {
  it('has one line a mark, with the words of categories', () => {
    const scene = historyScene(study, { ...PLAIN, pruned: false })
    expect(sceneCsv(scene).split('\r\n').slice(0, 2)).toEqual([
      'series,trial,Trial,Loss',
      'Complete,0,0,3',
    ])
  })
  it('quotes what has commas and disarms formulas', () => {
    expect(toCsv(['a,b', '=1+1'], [['say "x"', NaN]])).toBe(`"a,b",'=1+1\r\n"say ""x""",\r\n`)
  })
})
