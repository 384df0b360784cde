import { expect, it } from 'vitest'
import type { RunCatalogue, RunColumn } from '../../data/api.gen'
import { suggestions } from '../filterWords'
import { exampleFilter, filterKey, runWords } from './words'

const column = (key: string, group: RunColumn['group'], kind: RunColumn['kind'] = 'number'): RunColumn => ({ key, label: key, group, kind, lower_is_better: false })
const catalogue: RunCatalogue = {
  experiment: 'e', kind: 'tracking', is_complete: true, total: 1, shown: [],
  columns: [column('duration', 'run', 'duration'), column('args.model', 'args', 'text'), column('args.opt.lr', 'args'), column('best:val/acc', 'metrics')],
  metrics: ['val/acc'], tags: [{ name: 'base line', count: 1 }], statuses: ['COMPLETED', 'TIMEOUT'],
}
const offered = (text: string) => suggestions(text, text.length, runWords(catalogue))

it('writes names as filters need them', () => {
  expect(['args.opt.lr', 'best:val/acc', 'args.weight decay', 'value:1', 'tag:a', 'status'].map(filterKey)).toEqual([
    'args.opt.lr', 'best:"val/acc"', 'args."weight decay"', 'value:1', 'tag:a', 'status',
  ])
})

it('offers columns, tags and statuses while one types', () => {
  expect(offered('args.')).toEqual(['args.model', 'args.opt.lr'])
  expect(offered('duration > 3 and mod')).toEqual(['args.model'])
  expect([offered('best:val'), offered('base'), offered('time')]).toEqual([['best:"val/acc"'], ['tag:"base line"'], ['timeout']])
})

it('shows a filter that these runs could have', () => {
  expect(exampleFilter(catalogue)).toBe('Filter: best:"val/acc" > 0.9 and args.opt.lr < 1 and tag:"base line"')
  expect(exampleFilter({ ...catalogue, columns: [], metrics: [], tags: [] })).toBe('Filter: status = COMPLETED')
})
