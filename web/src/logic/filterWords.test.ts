import { expect, it } from 'vitest'
import { complete, placeOf, studyWords, suggestions } from './filterWords'

const params = ['lr', 'weight decay'].map((name) => ({ name }))
const words = studyWords({ params, attributes: [{ key: 'learner' }] } as Parameters<typeof studyWords>[0])
const offered = (text: string) => suggestions(text, text.length, words)

it('offers names by their beginning, with or without what they belong to', () => {
  expect(offered('value < 1 and l')).toEqual(['params.lr', 'attrs.learner'])
  expect(offered('params.w')).toEqual(['params."weight decay"'])
  expect(offered('weight')).toEqual(['params."weight decay"'])
  expect(offered('(ru')).toEqual(['running'])
})

it('offers nothing after a blank, in a text in quotes, or for a word that is whole', () => {
  expect([offered('lr '), offered('x = "ru'), offered('running')]).toEqual([[], [], []])
})

it('puts a word in the place of what was typed of it', () => {
  expect(complete('value < 1 and ru', 16, 'running')).toEqual(['value < 1 and running ', 22])
  expect(complete('(ru) or best', 3, 'running')).toEqual(['(running ) or best', 9])
})

it('finds the place of a mistake in the sentence of the server', () => {
  expect(placeOf('the filter, at character 7: there is nothing called foo')).toBe(6)
  expect(placeOf('the server is gone')).toBe(undefined)
})
