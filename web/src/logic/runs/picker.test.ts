import { expect, it } from 'vitest'
import type { RunColumn } from '../../data/api.gen'
import { metricOf, pickLines } from './picker'

const column = (key: string, group: RunColumn['group']): RunColumn => ({ key, label: key, group, kind: 'number', lower_is_better: false })
const columns = [
  column('id', 'run'), column('args.lr', 'args'), column('args.opt.lr', 'args'),
  column('best:val:acc', 'metrics'), column('last:val:acc', 'metrics'), column('best:loss', 'metrics'), column('env.host', 'env'),
]
const texts = (search: string) =>
  pickLines(columns, search).map((line) =>
    line.kind === 'head' ? `${line.text} ${line.count}` : line.kind === 'metric' ? `${line.name}: ${line.columns.map(({ word }) => word)}` : line.column.key,
  )

it('lists columns by what they belong to, those of a metric in one line', () => {
  expect(texts('')).toEqual(['Arguments 2', 'args.lr', 'args.opt.lr', 'Metrics 2', 'val:acc: best,last', 'loss: best', 'Run 1', 'id', 'Environment 1', 'env.host'])
})

it('finds columns by words in any order', () => {
  expect(texts('LR opt')).toEqual(['Arguments 1', 'args.opt.lr'])
  expect(texts('last')).toEqual(['Metrics 1', 'val:acc: last'])
  expect(texts('nothing')).toEqual([])
})

it('knows what of a metric a column has', () => {
  expect([metricOf('mean:a:b'), metricOf('args.mean:a')]).toEqual([{ word: 'mean', name: 'a:b' }, undefined])
})
