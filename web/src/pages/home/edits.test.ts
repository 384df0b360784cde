import { expect, it } from 'vitest'
import type { ExperimentRow } from '../../data/api.gen'
import { changeOf } from './EditDialog'
import { nameMistake } from './names'

const row = { kind: 'optuna', name: 'old', tags: ['a', 'b'], comment: null } as unknown as ExperimentRow

it('only what differs is changed', () => {
  expect(changeOf(row, ' old ', 'a, b', '')).toEqual({})
  expect(changeOf(row, 'new', 'a, b', 'why')).toEqual({ name: 'new', comment: 'why' })
  expect(changeOf(row, 'old', ' b,,c, b ', '')).toEqual({ tags: ['b', 'c'] })
  expect(changeOf(row, 'old', '', '')).toEqual({ tags: [] })
})

it('a name is taken within its kind', () => {
  expect(nameMistake('old ', 'optuna', [row])).toContain('already')
  expect(nameMistake('old', 'tracking', [row])).toBeUndefined()
  expect(nameMistake('', 'optuna', [row])).toBeUndefined()
})
