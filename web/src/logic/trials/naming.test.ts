import { expect, it } from 'vitest'
import { inSentence, trialName } from './naming'

it('trials have numbers, and arms of batches their own names', () => {
  expect(trialName({ number: 3, trial: 3, name: '3_0' })).toBe('Trial 3')
  expect(trialName({ number: -4, trial: 1, name: '1_2' })).toBe('Arm 1_2')
  expect(inSentence({ number: -4, trial: 1, name: '1_2' })).toBe('arm 1_2')
})

it('an arm that many trials have is called by the trial, too', () => {
  expect(trialName({ number: -4, trial: 1, name: 'control' })).toBe('Arm control of trial 1')
})
