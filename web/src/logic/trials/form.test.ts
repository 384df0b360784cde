import { describe, expect, it } from 'vitest'
import type { Form, Widget } from '../../data/api.gen'
import { earlierAnswers, emptyAnswers, fill, givenAnswers } from './form'

const widget = (facts: Partial<Widget>): Widget => ({
  type: 'text', description: null, user_attr_key: null, choices: [], values: [],
  min: null, max: null, step: null, labels: [], optional: false, key: null, ...facts,
})
const objectives = (...widgets: Partial<Widget>[]): Form => ({ output_type: 'objective', widgets: widgets.map(widget) })
const attributes = (...widgets: Partial<Widget>[]): Form => ({ output_type: 'user_attr', widgets: widgets.map(widget) })
const good = { type: 'choice' as const, choices: ['Good', 'Bad'], values: [1, -1] }

describe('a form of objectives', () => {
  it('gives the values of choices, sliders, texts and user attributes in the order of the objectives', () => {
    const form = objectives(good, { type: 'slider', min: 0, max: 5 }, {}, { type: 'user_attr', key: 'psnr' })
    const filled = fill(form, { 0: '1', 1: '2.5', 2: ' 1e-3 ' }, [{ key: 'psnr', value: 31 }])
    expect(filled.problems).toEqual({})
    expect(filled.values).toEqual([-1, 2.5, 0.001, 31])
  })

  it('starts with nothing chosen and sliders at their left end', () => {
    expect(emptyAnswers(objectives(good, { type: 'slider', min: -2, max: 5 }, {}))).toEqual({ 1: '-2' })
  })

  it('wants a choice', () => {
    expect(fill(objectives(good), {}, []).problems).toEqual({ 0: 'Choose one of these.' })
  })

  it.each(['', 'abc', '1,5', '0x10', 'Infinity', '1e999', '--1'])('does not take %j for a number', (text) => {
    expect(fill(objectives({ optional: true }), { 0: text }, []).problems[0]).toMatch(/number/)
  })

  it('waits for the user attribute that it refers to', () => {
    const form = objectives({ type: 'user_attr', key: 'psnr' })
    expect(fill(form, {}, []).problems[0]).toBe('The user attribute psnr of this trial is not there yet.')
    expect(fill(form, {}, [{ key: 'psnr', value: [1] }]).problems[0]).toMatch(/is not a number/)
  })
})

describe('a form of user attributes', () => {
  const form = attributes({ ...good, user_attr_key: 'taste' }, { user_attr_key: 'why' }, { user_attr_key: 'more', optional: true })

  it('gives numbers of choices and texts as they are', () => {
    const filled = fill(form, { 0: '0', 1: 'warm' }, [])
    expect(filled.problems).toEqual({})
    expect(filled.attrs).toEqual({ taste: 1, why: 'warm', more: '' })
  })

  it('wants the texts that are not optional', () => {
    expect(fill(form, { 0: '0' }, []).problems).toEqual({ 1: 'Enter a text.' })
  })

  it('begins with what was answered before', () => {
    expect(earlierAnswers(form, [{ key: 'taste', value: -1 }, { key: 'why', value: 'cold' }])).toEqual({ 0: '1', 1: 'cold' })
    expect(earlierAnswers(form, [])).toEqual({})
  })

  it('shows what was answered, choices in words', () => {
    const given = givenAnswers(form, [{ key: 'taste', value: -1 }, { key: 'why', value: 'cold' }, { key: 'other', value: 1 }])
    expect(given.map((each) => each.value)).toEqual(['Bad', 'cold'])
  })
})
