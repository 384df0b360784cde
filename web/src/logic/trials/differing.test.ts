import { expect, it } from 'vitest'
import type { Trial } from '../../data/api.gen'
import { differingParams, paramsOf } from './differing'

const trial = (params: Record<string, unknown>, fixed: Record<string, unknown> = {}) =>
  ({
    params: Object.entries(params).map(([name, value]) => ({ name, value, distribution: '' })),
    fixed_params: Object.entries(fixed).map(([key, value]) => ({ key, value })),
  }) as Trial

it('parameters differ in value, type or being there', () => {
  const trials = [trial({ a: 1, b: 'x', c: 1, e: [1] }), trial({ a: 1, b: 'y', c: '1', d: 0, e: [1] })]
  expect([...differingParams(trials)].sort()).toEqual(['b', 'c', 'd'])
})

it('nothing differs in one trial', () => {
  expect(differingParams([trial({ a: 1 })]).size).toBe(0)
})

it('a waiting trial has the parameters that it will get', () => {
  expect(paramsOf(trial({}, { a: 2 }))).toEqual({ a: 2 })
})
