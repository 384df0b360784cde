// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pageAsked } from '../logic/runs/asked'
import { askAhead } from './askAhead'
import { httpSource } from './http'

const BASE = new URL('http://example.test/team/')
let asked: string[] = []

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url.slice(BASE.href.length))
    return url.includes('/catalogue') ? Response.json({ shown: ['id', 'args.a,b'] }) : Response.json({ url })
  })
})
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const ahead = async (path: string, search = '') => {
  askAhead(httpSource(BASE, true), path, search)
  await vi.advanceTimersByTimeAsync(1)
  return asked.filter((url) => url !== 'api/meta')
}

it.each([
  ['/', ['api/experiments']],
  ['/studies/3/analytics', ['api/experiments/3?details=false']],
  ['/runs/12', ['api/runs/12']],
  ['/experiments/3/curves', ['api/runs/catalogue?experiment=3&complete=false']],
  ['/sql', []],
])('what %s shows first is asked for before its code is there', async (path, expected) => {
  expect(await ahead(path)).toEqual(expected)
  expect(asked).toContain('api/meta')
})

it('the table asks for the rows that were asked ahead, and no request is made', async () => {
  await ahead('/experiments/3', '?filter=loss+%3C+1&sort=-best%3Aloss')
  const before = asked.length
  const page = httpSource(BASE)
  const { shown } = await page.runCatalogue(3, false)
  const rows = pageAsked({ id: 3, filter: 'loss < 1', sort: { key: 'best:loss', descending: true }, keys: shown })
  expect(await page.runPage({ ...rows, offset: 0, limit: 100 })).toHaveProperty('url')
  expect(asked).toHaveLength(before)
})

it('chosen columns are asked for, and in groups no rows are', async () => {
  const [, rows] = await ahead('/runs', '?columns=id,args.a%252Cb')
  expect(new URL(rows!, BASE).searchParams.get('columns')).toBe('id,args.a%2Cb')
  asked = []
  expect(await ahead('/runs', '?group=args.a')).toEqual(['api/runs/catalogue?complete=false'])
})

it('an answer is taken once, and not when it is old', async () => {
  await ahead('/runs/12')
  const page = httpSource(BASE)
  await page.run(12)
  expect(asked.filter((url) => url === 'api/runs/12')).toHaveLength(1)
  await page.run(12)
  expect(asked.filter((url) => url === 'api/runs/12')).toHaveLength(2)
  await ahead('/runs/12')
  await vi.advanceTimersByTimeAsync(60_000)
  await page.run(12)
  expect(asked.filter((url) => url === 'api/runs/12')).toHaveLength(4)
})
