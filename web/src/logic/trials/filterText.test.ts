import { describe, expect, it } from 'vitest'
import { chosenValues, clauses, filterName, hasFlag, withFlag, withValues } from './filterText'

describe('the text of a filter', () => {
  it('has parts joined by "and", quotes and parentheses whole', () => {
    expect(clauses('value < 1 and (a = 1 and b = 2) AND x = "p and q"')).toEqual(['value < 1', '(a = 1 and b = 2)', 'x = "p and q"'])
  })

  it('gets values of a column', () => {
    expect(withValues('value < 1', 'status', ['complete', 'pruned'])).toBe('value < 1 and status in ("complete", "pruned")')
  })

  it('keeps the meaning of "or" when something is added, and gives it back', () => {
    const added = withValues('a = 1 or b = 2', 'status', ['fail'])
    expect(added).toBe('(a = 1 or b = 2) and status in ("fail")')
    expect(withValues(added, 'status', undefined)).toBe('a = 1 or b = 2')
  })

  it('tells the values of a column', () => {
    expect(chosenValues('status in (complete, "fail") and best', 'status')).toEqual(['complete', 'fail'])
    expect(chosenValues('value < 1', 'status')).toBeUndefined()
  })

  it('takes values with quotes and commas', () => {
    const values = ['a "b", c', "it's", 'back\\slash', '1e-3']
    expect(chosenValues(withValues('', 'params.x', values), 'params.x')).toEqual(values)
  })

  it('writes numbers as numbers', () => {
    expect(withValues('', 'params.n', ['16', '32'])).toBe('params.n in (16, 32)')
  })

  it('quotes names that are not plain words', () => {
    expect(filterName('params', 'weight decay')).toBe('params."weight decay"')
    expect(filterName('attrs', 'lr')).toBe('attrs.lr')
  })

  it('has flags', () => {
    expect(withFlag('value < 1', 'best', true)).toBe('value < 1 and best')
    expect(withFlag('value < 1 and best', 'best', false)).toBe('value < 1')
    expect(hasFlag('Best and value < 1', 'best')).toBe(true)
  })

  it('is not broken by a quote that does not end', () => {
    expect(clauses('x = "a and b')).toEqual(['x = "a and b'])
  })
})
