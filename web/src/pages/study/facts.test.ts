// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import { rateText } from './facts'

it('tells the rate in the unit that gives a number to remember', () => {
  expect([rateText(600), rateText(12.345), rateText(0.05)]).toEqual(['10 /s', '12.3 /min', '3 /h'])
})
