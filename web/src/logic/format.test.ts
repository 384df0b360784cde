import { describe, expect, it } from 'vitest'
import { formatAgo, formatBytes, formatCompact, formatDuration, formatNumber, formatTime, formatValue, toNumber } from './format'

describe('formatNumber', () => {
  it.each([
    [0.12345678, '0.1235'],
    [123456.789, '123457'],
    [1234.5678, '1235'],
    [0.00001234, '1.234e-5'],
    [0.000999999, '0.001'],
    [12345678.5, '1.235e7'],
    [-2.5, '−2.5'],
    [-0.00001, '−1e-5'],
    [0, '0'],
    [-0, '0'],
    [100, '100'],
    [9.99999, '10'],
    ['inf', '∞'],
    ['-inf', '−∞'],
    ['nan', 'nan'],
    [null, '–'],
  ] as const)('writes %s as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text)
  })

  it('takes the number of digits', () => {
    expect(formatNumber(0.123456, 2)).toBe('0.12')
  })
})

it('reads the numbers that JSON has no words for', () => {
  expect([toNumber('inf'), toNumber('-inf'), toNumber(1.5)]).toEqual([Infinity, -Infinity, 1.5])
  expect(toNumber('nan')).toBeNaN()
  expect(toNumber(null)).toBeNaN()
})

it.each([
  [0.0005, '0.5 ms'],
  [0.35, '350 ms'],
  [0.9999, '1 s'],
  [4.23, '4.23 s'],
  [59.96, '1 min'],
  [200, '3 min 20 s'],
  [3599.7, '1 h'],
  [7260, '2 h 1 min'],
  [86399, '1 d'],
  [187200, '2 d 4 h'],
  [null, '–'],
  [NaN, '–'],
])('writes %s seconds as %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

it.each([
  [0, 'now'],
  [40_000, '40 s ago'],
  [180_000, '3 min ago'],
  [5 * 3_600_000, '5 h ago'],
  [12 * 86_400_000, '12 d ago'],
  [730 * 86_400_000, '2.0 y ago'],
  [-5000, 'now'],
])('calls %s milliseconds before now "%s"', (before, text) => {
  expect(formatAgo(1e12 - before, 1e12)).toBe(text)
})

it('writes times to the second in the zone of the reader', () => {
  expect(formatTime(new Date(2026, 10, 21, 4, 3, 9).getTime())).toBe('2026-11-21 04:03:09')
  expect(formatTime(null)).toBe('–')
})

it('writes counts in few characters', () => {
  const texts = [9999, 12_345, 100_000, 999_499, 999_500, 4_560_000].map(formatCompact)
  expect(texts).toEqual(['9,999', '12.3k', '100k', '999k', '1M', '4.56M'])
})

it('writes sizes of files', () => {
  expect([formatBytes(812), formatBytes(1_500_000), formatBytes(null)]).toEqual(['812 B', '1.5 MB', '–'])
})

it('writes any JSON value in one line', () => {
  expect([1 / 3, 'adam', [1, 'a'], null, true].map((value) => formatValue(value))).toEqual([
    '0.3333', 'adam', '[1,"a"]', 'null', 'true',
  ])
})
