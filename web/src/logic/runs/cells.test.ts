import { expect, it } from 'vitest'
import type { RunColumn } from '../../data/api.gen'
import { cellText, choices, exactText, withClause } from './cells'

const column = (key: string, kind: RunColumn['kind']): RunColumn => ({ key, label: key, group: 'args', kind, lower_is_better: false })
const filters = (key: string, kind: RunColumn['kind'], value: unknown, filter = '') =>
  choices(filter, column(key, kind), value).map((choice) => choice.filter)

it('writes cells in few characters', () => {
  const written = [
    cellText('number', 0.123456789), cellText('number', 'nan'), cellText('number', null), cellText('duration', 90),
    cellText('text', true), cellText('text', 'nan'), cellText('document', { a: [1] }), cellText('text', 0.00001234567),
  ]
  expect(written).toEqual(['0.1235', 'nan', '', '1 min 30 s', 'true', 'nan', '{"a":[1]}', '1.235e-5'])
  expect([exactText(0.123456789), exactText('a'), exactText(null)]).toEqual(['0.123456789', 'a', ''])
})

it('offers filters by the value of a cell, as the language writes it', () => {
  expect(filters('args.model', 'text', 'res"net')).toEqual(['args.model = "res\\"net"', 'args.model != "res\\"net"'])
  expect(filters('best:val/acc', 'number', 0.5)).toEqual([
    'best:"val/acc" = 0.5', 'best:"val/acc" != 0.5', 'best:"val/acc" >= 0.5', 'best:"val/acc" <= 0.5',
  ])
  expect(filters('args.amp', 'text', true)).toEqual(['args.amp = true', 'args.amp != true'])
  expect(filters('status', 'status', 'COMPLETED')[0]).toBe('status = COMPLETED')
  expect(filters('created', 'time', 0)).toEqual(['created >= "1970-01-01T00:00:00.000Z"', 'created < "1970-01-01T00:00:00.000Z"'])
  expect(filters('tags', 'tags', ['a', 'b c'])).toEqual(['tag:a', 'tag:"b c"', 'not tag:a', 'not tag:"b c"'])
  expect(filters('args.x', 'number', null)).toEqual(['args.x is missing', 'args.x is not missing'])
  expect([filters('args.x', 'number', 'nan'), filters('extras.x', 'document', {})]).toEqual([[], []])
})

it('adds to the filter that is there, once', () => {
  expect(withClause('', 'a = 1')).toBe('a = 1')
  expect(withClause('b = 2', 'a = 1')).toBe('b = 2 and a = 1')
  expect(withClause('a = 1 and b = 2', 'a = 1')).toBe('a = 1 and b = 2')
  expect(withClause('a = 1 or b = 2', 'c = 3')).toBe('(a = 1 or b = 2) and c = 3')
  expect(withClause('c = 3', 'a = 1 or b = 2')).toBe('c = 3 and (a = 1 or b = 2)')
})
