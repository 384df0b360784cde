import { expect, test } from 'vitest'
import type { UtilityLine } from '../../data/api.gen'
import { fewAnswers, fit, percent } from './learnt'

const lines = (count: number) => Array.from({ length: count }, () => ({}) as UtilityLine)

test('only what is certain is 0 or 100 %', () => {
  expect([0, 0.0004, 0.014, 0.5, 0.994, 1].map(percent)).toEqual(['0 %', '< 1 %', '1 %', '50 %', '> 99 %', '100 %'])
})

test('few answers are a first guess, the more parameters the sooner', () => {
  expect(fewAnswers({ pairs: 1, lines: lines(1) })).toContain('one comparison of trials with one parameter')
  expect(fewAnswers({ pairs: 15, lines: lines(2) })).toContain('From about 16 on')
  expect(fewAnswers({ pairs: 16, lines: lines(2) })).toBeNull()
  expect(fewAnswers({ pairs: 16, lines: lines(3) })).not.toBeNull()
})

test('it is said if far fewer or far more answers agree than expected', () => {
  expect(fit({ pairs: 100, agreeing: 89, expected: 90 })).toContain('about what it expects')
  expect(fit({ pairs: 100, agreeing: 70, expected: 90 })).toContain('fewer than it expects')
  expect(fit({ pairs: 66, agreeing: 65, expected: 57 })).toContain('more than it expects')
  expect(fit({ pairs: 1, agreeing: 1, expected: 0.8 })).toContain('about what it expects')
})
