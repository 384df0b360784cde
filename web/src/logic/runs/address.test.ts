import { expect, it } from 'vitest'
import { NEWEST, idsText, parseIds, parseSort, runsPath, sortText } from './address'
import { viewPlace, viewState } from './views'

it('keeps the order in the address', () => {
  expect(parseSort('-best:acc')).toEqual({ key: 'best:acc', descending: true })
  expect(parseSort('args.-lr')).toEqual({ key: 'args.-lr', descending: false })
  expect(sortText(parseSort('-best:acc'))).toBe('-best:acc')
  expect(parseSort('')).toEqual(NEWEST)
})

it('keeps selected runs in the address, and forgets what are no ids', () => {
  expect([...parseIds('3,7,3,x,-1,')]).toEqual([3, 7])
  expect(idsText(new Set([3, 7]))).toBe('3,7')
})

it('knows the pages of one experiment from those of all', () => {
  expect([runsPath(4), runsPath(4, 'curves'), runsPath(undefined), runsPath(undefined, 'scatter')]).toEqual([
    '/experiments/4', '/experiments/4/curves', '/runs', '/runs/scatter',
  ])
})

it('keeps in a view all that the address says, and the page', () => {
  const state = viewState('curves', '?sort=-id&filter=a+%3D+1&view=old')
  expect(state).toBe('filter=a+%3D+1&sort=-id&tab=curves')
  expect(viewPlace(state, 'new')).toEqual({ page: 'curves', search: '?filter=a+%3D+1&sort=-id&view=new' })
  expect(viewPlace(viewState('', ''), 'all')).toEqual({ page: '', search: '?view=all' })
})
