import { expect, it } from 'vitest'
import { csvSheet, jsonLinesSheet, parseCsv } from './delimited'

it('CSV cells may hold commas, quotes and line ends', () => {
  expect(parseCsv('a,b\r\n"1,5","say ""hi""\nyou"\n')).toEqual([['a', 'b'], ['1,5', 'say "hi"\nyou']])
})

it('CSV keeps empty cells and the last line without an end', () => {
  expect(parseCsv('a,,c\n,,')).toEqual([['a', '', 'c'], ['', '', '']])
})

it('a CSV file may begin with a byte order mark and be empty', () => {
  expect(csvSheet('\uFEFFx,y\n1,2').columns).toEqual(['x', 'y'])
  expect(csvSheet('')).toEqual({ columns: [], rows: [] })
})

it('other separators are taken', () => {
  expect(csvSheet('a\tb\n1\t2', '\t').rows).toEqual([['1', '2']])
})

it('JSON lines get a column for each key', () => {
  const sheet = jsonLinesSheet('{"a": 1}\n\n{"b": [2], "a": "x"}\n7\nnot json')
  expect(sheet.columns).toEqual(['a', 'b', 'value'])
  expect(sheet.rows).toEqual([['1', '', ''], ['x', '[2]', ''], ['', '', '7'], ['', '', 'not json']])
})
