import { describe, expect, it } from 'vitest'
import type { Parameter } from '../../data/api.gen'
import { boundsOf, checkParams, typedOf } from './enqueue'

const parameter = (facts: Partial<Parameter>): Parameter => ({
  name: 'x', kind: 'float', low: 0, high: 1, log: false, step: null, choices: [], count: 1, in_all: true, ...facts,
})
const choices = [{ label: 'adam', type: 'str' }, { label: 'True', type: 'bool' }, { label: '16', type: 'int' }, { label: 'None', type: 'NoneType' }]
const optimizer = parameter({ name: 'o', kind: 'categorical', low: 0, high: 3, choices })

describe('parameters of a trial to queue', () => {
  it('may be left empty, one or all of them', () => {
    expect(checkParams([parameter({}), parameter({ name: 'y' })], { y: ' 0.5 ' })).toEqual({ params: { y: 0.5 }, problems: {} })
  })

  it('are numbers within their bounds', () => {
    expect(checkParams([parameter({})], { x: '2' }).problems.x).toBe('Between 0 and 1, please.')
    expect(checkParams([parameter({})], { x: 'a' }).problems.x).toBe('Enter a number.')
    expect(checkParams([parameter({ kind: 'int', high: 9 })], { x: '2.5' }).problems.x).toBe('Enter a whole number.')
  })

  it('are on the grid of their steps', () => {
    const stepped = parameter({ step: 0.1 })
    expect(checkParams([stepped], { x: '0.3' }).params).toEqual({ x: 0.3 })
    expect(checkParams([stepped], { x: '0.35' }).problems.x).toMatch(/steps of 0.1/)
  })

  it('are choices of their own types', () => {
    const values = ['0', '1', '2', '3'].map((o) => checkParams([optimizer], { o }).params.o)
    expect(values).toEqual(['adam', true, 16, null])
  })

  it('come from another trial', () => {
    expect(typedOf([parameter({}), optimizer], { x: 0.25, o: true, gone: 1 })).toEqual({ x: '0.25', o: '1' })
  })

  it('say their bounds', () => {
    expect(boundsOf(parameter({ kind: 'int', low: 1, high: 9, log: true, step: 1 }))).toBe('1 to 9, whole, log')
  })
})
