import { expect, it } from 'vitest'
import { isJsonLines, kindOf, separatorOf } from './artifactKind'

it.each([
  ['a.png', 'image/png', 'image'],
  ['a.svg', 'image/svg+xml', 'image'],
  ['a.mp4', 'video/mp4', 'video'],
  ['a.wav', 'audio/x-wav', 'audio'],
  ['a.csv', 'text/csv', 'sheet'],
  ['a.jsonl', 'application/octet-stream', 'sheet'],
  ['a.json', 'application/json', 'json'],
  ['page.html', 'text/html', 'text'],
  ['train.log', 'application/octet-stream', 'text'],
  ['model.pt', 'application/octet-stream', 'other'],
])('%s of type %s is shown as %s', (filename, mimetype, kind) => {
  expect(kindOf({ filename, mimetype })).toBe(kind)
})

it('sheets have their separators', () => {
  expect(separatorOf({ filename: 'a.tsv', mimetype: 'text/plain' })).toBe('\t')
  expect(separatorOf({ filename: 'a.csv', mimetype: 'text/csv' })).toBe(',')
  expect(isJsonLines({ filename: 'a', mimetype: 'application/x-ndjson' })).toBe(true)
})
