// @vitest-environment happy-dom
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { beforeEach, expect, it } from 'vitest'
import { joinList, splitList } from './lists'
import { useUrlList, useUrlState, withParameter } from './urlState'

beforeEach(() => window.history.replaceState(null, '', '/studies/1?keep=1'))

it('sets and removes one parameter and keeps the others', () => {
  expect(withParameter('?a=1', 'b', 'x y', '')).toBe('?a=1&b=x+y')
  expect(withParameter('?a=1&b=2', 'b', '', '')).toBe('?a=1')
  expect(withParameter('?b=2', 'b', 'linear', 'linear')).toBe('')
})

it('keeps commas, percent signs and umlauts in the items of a list', () => {
  const items = ['param:lr', 'a,b', '50%', 'ä ö']
  expect(splitList(joinList(items))).toEqual(items)
  expect(splitList('')).toEqual([])
  expect(splitList('50%')).toEqual(['50%'])
})

it('keeps the state in the URL without a new entry in the history', async () => {
  let set: ((value: string) => void)[] = []
  let shown: string[] = []
  function Probe() {
    const [scale, setScale] = useUrlState('scale', 'linear')
    const [filter, setFilter] = useUrlState('filter', '')
    set = [setScale, setFilter]
    shown = [scale, filter]
    return null
  }
  const entries = window.history.length
  await act(() => render(<Probe />, document.body))
  expect(shown).toEqual(['linear', ''])

  await act(() => {
    set[0]?.('log')
    set[1]?.('value < 1')
  })
  expect(shown).toEqual(['log', 'value < 1'])
  expect(window.location.search).toBe('?keep=1&scale=log&filter=value+%3C+1')
  expect(window.history.length).toBe(entries)

  await act(() => set[0]?.('linear'))
  expect(window.location.search).toBe('?keep=1&filter=value+%3C+1')
})

it('keeps lists in the URL', async () => {
  let tags: string[] = []
  let setTags: (items: string[]) => void = () => {}
  function Probe() {
    ;[tags, setTags] = useUrlList('tag')
    return null
  }
  await act(() => render(<Probe />, document.body))
  await act(() => setTags(['a,b', 'c']))
  expect(tags).toEqual(['a,b', 'c'])
  await act(() => setTags([]))
  expect(window.location.search).toBe('?keep=1')
})
