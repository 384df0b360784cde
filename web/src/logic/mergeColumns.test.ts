import { describe, expect, it } from 'vitest'
import type { Column, Columns } from '../data/api.gen'
import { mergeColumns, patchable } from './mergeColumns'

const column = (values: Column['values'], labels: string[] | null = null): Column => ({ values, labels })

function columns(numbers: number[], more: Record<string, Column>, head: Partial<Columns> = {}): Columns {
  const all = { number: column(numbers), ...more }
  return { version: 1, total: numbers.length, sampled: false, complete: true, columns: all, ...head }
}

const news = (numbers: number[], more: Record<string, Column>, total: number) =>
  columns(numbers, more, { version: 2, total, complete: false })

describe('mergeColumns', () => {
  it('puts changed and new trials in the order of their numbers', () => {
    const old = columns([0, 1, 3], { value: column([5, null, 7]) })
    const merged = mergeColumns(old, news([1, 2, 4], { value: column([6, 1, 'inf']) }, 5))
    expect(merged?.columns.number?.values).toEqual([0, 1, 2, 3, 4])
    expect(merged?.columns.value?.values).toEqual([5, 6, 1, 7, 'inf'])
    expect(merged).toMatchObject({ version: 2, total: 5, complete: true })
  })

  it('takes a whole answer as it is', () => {
    const whole = columns([0], { value: column([1]) }, { version: 9 })
    expect(mergeColumns(columns([0, 1], { value: column([1, 2]) }), whole)).toBe(whole)
  })

  it('keeps the columns as they are when nothing changed', () => {
    const old = columns([0], { value: column([1]) })
    expect(mergeColumns(old, news([], { value: column([]) }, 1))?.columns).toBe(old.columns)
  })

  it('asks for all again when a trial has gone or left the filter', () => {
    const old = columns([0, 1], { value: column([1, 2]) })
    expect(mergeColumns(old, news([], { value: column([]) }, 1))).toBeUndefined()
    expect(mergeColumns(old, news([2], { value: column([3]) }, 2))).toBeUndefined()
  })

  it('does not count the trials of a sample', () => {
    const old = columns([0, 50], { value: column([1, 2]) }, { total: 60, sampled: true })
    expect(mergeColumns(old, news([60], { value: column([3]) }, 61))?.columns.number?.values).toEqual([0, 50, 60])
  })

  it('finds labels again that stand elsewhere, and adds new ones', () => {
    const old = columns([0, 1], { o: column([0, 1], ['adam', 'sgd']) })
    const merged = mergeColumns(old, news([2, 3, 4], { o: column([0, 1, null], ['lion', 'adam']) }, 5))
    expect(merged?.columns.o).toEqual(column([0, 1, 2, 0, null], ['adam', 'sgd', 'lion']))
  })

  it('does not change what it was given', () => {
    const old = columns([0], { o: column([0], ['adam']) })
    const before = structuredClone(old)
    mergeColumns(old, news([1], { o: column([0], ['sgd']) }, 2))
    expect(old).toEqual(before)
  })

  it('carries a better value of an older trial on to the trials after it, up to a better one', () => {
    const old = columns([0, 1, 2, 3], { 'best:0': column([9, 9, 7, 3]) })
    const merged = mergeColumns(old, news([1], { 'best:0': column([5]) }, 4))
    expect(merged?.columns['best:0']?.values).toEqual([9, 5, 5, 3])
  })

  it('carries the best of a study that maximizes, too', () => {
    const old = columns([0, 1, 2], { 'best:0': column([1, 1, 4]) })
    const merged = mergeColumns(old, news([0, 3], { 'best:0': column([3, 5]) }, 4))
    expect(merged?.columns['best:0']?.values).toEqual([3, 3, 4, 5])
  })
})

it('ranks and fronts change for all trials, and samples hide who has left a filter', () => {
  const all = columns([0], {})
  const sample = columns([0], {}, { sampled: true })
  expect(patchable(['number', 'value:0', 'best:0'], all, 'running')).toBe(true)
  expect(patchable(['number', 'value:0'], sample, '')).toBe(true)
  expect(patchable(['number', 'value:0'], sample, 'running')).toBe(false)
  expect(patchable(['number', 'rank:0'], all, '')).toBe(false)
  expect(patchable(['number', 'front'], all, '')).toBe(false)
})
