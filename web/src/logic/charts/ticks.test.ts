import { describe, expect, it } from 'vitest'
import { categoryTicks, integerTicks, linearTicks, logTicks, timeTicks } from './ticks'

const labels = (ticks: { label: string }[]) => ticks.map((tick) => tick.label)

describe('ticks', () => {
  it('of a linear axis are round and without noise', () => {
    expect(labels(linearTicks(0, 0.7, 7))).toEqual([
      '0.0',
      '0.1',
      '0.2',
      '0.3',
      '0.4',
      '0.5',
      '0.6',
      '0.7',
    ])
    expect(labels(linearTicks(-3, 3, 3))).toEqual(['-2', '0', '2'])
  })
  it('of large numbers have few digits', () => {
    expect(labels(linearTicks(0, 4e8, 4))).toEqual(['0', '1e8', '2e8', '3e8', '4e8'])
  })
  it('of whole numbers are whole', () => {
    expect(labels(integerTicks(0, 2, 10))).toEqual(['0', '1', '2'])
  })
  it('of a single value are that value', () => {
    expect(linearTicks(3, 3, 5)).toEqual([{ value: 3, label: '3' }])
  })
  it('of a log axis are powers of ten, thinned where there are many', () => {
    expect(labels(logTicks(1e-5, 1e-1, 5))).toEqual(['1e-5', '1e-4', '0.001', '0.01', '0.1'])
    expect(logTicks(1e-30, 1, 6)).toHaveLength(7)
  })
  it('of less than a power of ten are still there', () => {
    expect(logTicks(2, 9, 5).length).toBeGreaterThanOrEqual(2)
  })
  it('of a time axis begin at round times', () => {
    const start = new Date(2026, 0, 5, 9, 2).getTime()
    expect(labels(timeTicks(start, start + 3_600_000, 4))).toEqual([
      '09:15',
      '09:30',
      '09:45',
      '10:00',
    ])
  })
  it('of several years are years', () => {
    expect(labels(timeTicks(new Date(2019, 5).getTime(), new Date(2023, 5).getTime(), 5))).toEqual([
      '2020',
      '2021',
      '2022',
      '2023',
    ])
  })
  it('of many categories leave some labels out', () => {
    const many = Array.from({ length: 100 }, (_, i) => `c${i}`)
    expect(labels(categoryTicks(many, -0.5, 99.5, 4))).toEqual(['c0', 'c25', 'c50', 'c75'])
  })
})
