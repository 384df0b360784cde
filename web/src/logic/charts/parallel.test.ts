import { describe, expect, it } from 'vitest'
import type { Column, Parameter } from '../../data/api.gen'
import { paramDimension, shortened } from './axis'
import { brushed, complete, defaultParams, parallelAxes } from './parallel'
import { Table } from './table'

const param = (name: string, more: Partial<Parameter> = {}): Parameter => ({
  name,
  kind: 'float',
  low: 0,
  high: 1,
  log: false,
  step: null,
  choices: [],
  count: 3,
  in_all: true,
  ...more,
})
const column = (values: Column['values']): Column => ({ values, labels: null })

const params = [
  param('lr', { log: true, low: 1e-3, high: 10 }),
  param('opt', {
    kind: 'categorical',
    choices: [
      { label: 'adam', type: 'str' },
      { label: 'sgd', type: 'str' },
    ],
  }),
]
const table = new Table({
  version: 1, total: 4, sampled: false, complete: true,
  columns: { number: column([0, 1, 2, 3]), 'param:lr': column([0.001, 0.1, 10, null]), 'param:opt': column([0, 1, 0, null]) },
}) // prettier-ignore
const axes = parallelAxes(table, params.map(paramDimension))

describe('parallel coordinates', () => {
  it('show at first what every finished trial has, whatever waits', () => {
    expect([...defaultParams([...params, param('momentum', { in_all: false })])]).toEqual([
      'lr',
      'opt',
    ])
  })
  it('put a log parameter on a log axis', () => {
    expect(axes[0]!.scale.at(0.1)).toBeCloseTo(0.5, 9)
  })
  it('leave out a trial without a value on every axis', () => {
    expect(complete(axes, table.length)).toEqual([0, 1, 2])
  })
  it('select what is in every brush', () => {
    const rows = complete(axes, table.length)
    expect(brushed(axes, rows, { 'param:lr': [0.4, 1] })).toEqual([1, 2])
    expect(brushed(axes, rows, { 'param:lr': [0.4, 1], 'param:opt': [0, 0.5] })).toEqual([2])
    expect(brushed(axes, rows, {})).toEqual([])
  })
  it('select nothing by the brush of an axis that is not shown', () => {
    expect(brushed(axes.slice(0, 1), [0, 1, 2], { 'param:opt': [0, 1] })).toEqual([])
  })
})

describe('a long name', () => {
  it('keeps its beginning and its end', () => {
    expect(shortened('learning_rate_of_the_head', 10)).toBe('learni…ead')
    expect(shortened('lr', 10)).toBe('lr')
  })
})
