import { describe, expect, it } from 'vitest'
import type { RunArtifact } from '../../data/api.gen'
import { flattened, matching, valueText } from './documents'
import { nameOf } from './naming'
import { runKindOf, sorted } from './runArtifact'

const file = (filename: string, mimetype: string, is_table = false): RunArtifact => ({
  artifact_id: filename, filename, mimetype, encoding: null, url: '', size: 1, sha256: null,
  time_created: 0, older: 0, is_table, is_own: true,
})

describe('flattened', () => {
  it('gives the values inside of others their paths', () => {
    const document = { lr: 0.1, opt: { name: 'adam', betas: [0.9, 0.99], more: {} }, none: null }
    expect(flattened(document).map(({ path, value }) => [path, valueText(value)])).toEqual([
      ['lr', '0.1'],
      ['opt.name', 'adam'],
      ['opt.betas', '[0.9,0.99]'],
      ['opt.more', '{}'],
      ['none', 'null'],
    ])
  })
  it('is empty for no document', () => {
    expect([flattened(null), flattened({})]).toEqual([[], []])
  })
  it('is searched in paths and values', () => {
    const items = flattened({ opt: { name: 'Adam' }, seed: 3 })
    expect(matching(items, ' ADAM ').map(({ path }) => path)).toEqual(['opt.name'])
    expect(matching(items, 'opt')).toHaveLength(1)
    expect(matching(items, '')).toHaveLength(2)
  })
})

describe('files of a run', () => {
  it('are shown by what they are', () => {
    const kinds = [
      file('a.json', 'application/vnd.plotly.v1+json'),
      file('a.plotly.json', 'application/json'),
      file('a.json', 'application/json'),
      file('a.html', 'text/html'),
      file('a.parquet', 'application/vnd.apache.parquet', true),
      file('a.bin', 'application/octet-stream'),
    ].map(runKindOf)
    expect(kinds).toEqual(['figure', 'figure', 'json', 'page', 'sheet', 'other'])
  })
  it('come with pictures first, in the order of the numbers in their names', () => {
    const names = [file('log.txt', 'text/plain'), file('10.png', 'image/png'), file('9.png', 'image/png')]
    expect(sorted(names).map(({ filename }) => filename)).toEqual(['9.png', '10.png', 'log.txt'])
  })
})

it('a run is called as its tool does', () => {
  expect(nameOf({ id: 7, kind: 'tracking', number: 0, name: 'first' })).toBe('first')
  expect(nameOf({ id: 7, kind: 'tracking', number: 0, name: null })).toBe('Run 7')
  expect(nameOf({ id: 7, kind: 'optuna', number: 3, name: null })).toBe('Trial 3')
})
