// @vitest-environment happy-dom
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import type { Columns } from './api.gen'
import { useColumns, useQuery, type Query } from './query'
import { setSource, type ColumnsAsked, type DataSource } from './source'

afterEach(() => render(null, document.body))

const settle = () => act(() => new Promise((resolve) => setTimeout(resolve, 0)))

it('components with the same key share one request and its answer', async () => {
  const load = vi.fn(() => Promise.resolve('answer'))
  const Probe = () => <p>{useQuery('shared', load).data}</p>
  await act(() => render([<Probe />, <Probe />], document.body))
  await settle()
  expect(load).toHaveBeenCalledTimes(1)
  expect(document.body.textContent).toBe('answeranswer')
})

it('the last data stay while those of another key load', async () => {
  const answers: Record<string, (text: string) => void> = {}
  let query: Query<string>
  function Probe({ name }: { name: string }) {
    query = useQuery(`key/${name}`, () => new Promise<string>((resolve) => (answers[name] = resolve)))
    return null
  }
  await act(() => render(<Probe name="a" />, document.body))
  expect(query!).toMatchObject({ data: undefined, loading: true })
  answers.a?.('A')
  await settle()
  expect(query!).toMatchObject({ data: 'A', loading: false })

  await act(() => render(<Probe name="b" />, document.body))
  expect(query!).toMatchObject({ data: 'A', loading: true })
  answers.b?.('B')
  await settle()
  expect(query!).toMatchObject({ data: 'B', loading: false })
})

it('what is not enabled is not asked for', async () => {
  const load = vi.fn(() => Promise.resolve(1))
  function Probe() {
    const { loading } = useQuery('off', load, { enabled: false })
    return <p>{String(loading)}</p>
  }
  await act(() => render(<Probe />, document.body))
  expect([load.mock.calls.length, document.body.textContent]).toEqual([0, 'false'])
})

it('columns are asked for as a whole once, then for what changed since', async () => {
  const asked: ColumnsAsked[] = []
  const answer = (version: number, numbers: number[], complete: boolean): Columns => ({
    version, total: 2, sampled: false, complete,
    columns: { number: { values: numbers, labels: null }, 'value:0': { values: numbers, labels: null } },
  })
  const columns = (_: number, what: ColumnsAsked) => {
    asked.push(what)
    return Promise.resolve(what.since ? answer(8, [1], false) : answer(7, [0, 1], true))
  }
  setSource({ columns } as unknown as DataSource)
  let query: Query<Columns>
  function Probe() {
    query = useColumns(3, ['value:0'], { limit: 10 })
    return null
  }
  await act(() => render(<Probe />, document.body))
  await settle()
  await act(() => query.reload())
  await settle()
  expect(asked).toEqual([
    { names: ['number', 'value:0'], limit: 10 },
    { names: ['number', 'value:0'], limit: 10, since: 7 },
  ])
  expect(query!.data?.version).toBe(8)
  expect(query!.data?.columns.number?.values).toEqual([0, 1])
})
