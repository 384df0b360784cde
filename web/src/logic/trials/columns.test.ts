import { describe, expect, it } from 'vitest'
import type { Study } from '../../data/api.gen'
import {
  type Column, NO_LAYOUT, cellNumber, columnsOf, movedColumn, nextSort, paramText, parseLayout, parseSort, placedColumn, resizedColumn,
  shown, sortText, toggledColumn,
} from './columns'

const column = (key: string): Column => ({ key, label: key, kind: 'param', width: 100, of: () => undefined })
const [a, b, c] = [column('a'), column('b'), column('c')]
const all = [a, b, c] as Column[]
const keys = (columns: Column[]) => columns.map((each) => each.key)

const study = {
  kind: 'optuna',
  objective_names: ['Objective 0'],
  params: [{ name: 'opt', kind: 'categorical', choices: [{ label: 'adam', type: 'str' }] }, { name: 'lr', kind: 'float', choices: [] }],
  attributes: [{ key: 'host', numeric: false, count: 1 }],
} as unknown as Study

describe('columns of a study', () => {
  it('are those of its trials, with names that the server sorts by', () => {
    expect(keys(columnsOf(study))).toEqual(['number', 'status', 'value:0', 'param:opt', 'param:lr', 'attr:host', 'duration', 'start', 'finish'])
  })

  it('have the words that people know', () => {
    expect(columnsOf({ ...study, is_preferential: true })[2]?.label).toBe('Param opt')
    expect(columnsOf(study).slice(2, 6).map((each) => each.label)).toEqual(['Value', 'Param opt', 'Param lr', 'UserAttribute host'])
  })

  it('have menus for states and choices', () => {
    expect(columnsOf(study).filter((each) => each.menu).map((each) => each.menu?.name)).toEqual(['status', 'params.opt'])
  })
})

describe('a layout', () => {
  it('hides and shows', () => {
    const hidden = toggledColumn(NO_LAYOUT, 'b')
    expect(keys(shown(all, hidden))).toEqual(['a', 'c'])
    expect(keys(shown(all, toggledColumn(hidden, 'b')))).toEqual(['a', 'b', 'c'])
  })

  it('moves past hidden columns', () => {
    const moved = movedColumn(all, toggledColumn(NO_LAYOUT, 'b'), 'a', 1)
    expect(keys(shown(all, moved))).toEqual(['c', 'a'])
    expect(movedColumn(all, NO_LAYOUT, 'a', -1)).toBe(NO_LAYOUT)
  })

  it('puts a column before another', () => {
    expect(keys(shown(all, placedColumn(all, NO_LAYOUT, 'c', 'a')))).toEqual(['c', 'a', 'b'])
  })

  it('keeps its order when a column comes later', () => {
    const moved = movedColumn(all, NO_LAYOUT, 'a', 1)
    expect(keys(shown([...all, column('d')], moved))).toEqual(['b', 'a', 'c', 'd'])
  })

  it('keeps columns wide enough to grab', () => {
    expect(shown(all, resizedColumn(NO_LAYOUT, 'a', 3))[0]?.width).toBe(48)
  })

  it('is read from what was stored, or is the default', () => {
    expect(parseLayout('{"hidden": ["x"]}')).toEqual({ order: [], hidden: ['x'], widths: {} })
    expect(parseLayout('nonsense')).toBe(NO_LAYOUT)
    expect(parseLayout(null)).toBe(NO_LAYOUT)
  })
})

describe('sorting', () => {
  it('goes up, down and back to numbers', () => {
    const up = nextSort({ key: 'number', descending: false }, 'value:0')
    const down = nextSort(up, 'value:0')
    expect([up, down, nextSort(down, 'value:0')].map(sortText)).toEqual(['value:0', '-value:0', 'number'])
  })

  it('is read from the address', () => {
    expect(parseSort('-param:x')).toEqual({ key: 'param:x', descending: true })
    expect(parseSort('')).toEqual({ key: 'number', descending: false })
  })
})

it.each([
  [0, '0'], [12345.678, '1.235e+4'], [0.00001234, '1.234e-5'], [0.1 + 0.2, '0.3'], [9999, '9999'], [null, ''], ['inf', 'inf'],
])('the number %s is shown as %s', (value, text) => {
  expect(cellNumber(value)).toBe(text)
})

it.each([
  [true, 'True'], [null, 'None'], [undefined, ''], ['adam', 'adam'], [1e-5, '1.000e-5'], [[1, 2], '[1,2]'],
])('the parameter %j is shown as %s', (value, text) => {
  expect(paramText(value)).toBe(text)
})

it('a parameter has more digits where there is more room', () => {
  expect([1 / 3, true, null, 'adam'].map((value) => paramText(value, 6))).toEqual(['0.333333', 'True', 'None', 'adam'])
})
