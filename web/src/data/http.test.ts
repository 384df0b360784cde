// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest'
import { httpSource } from './http'
import { ApiError, ConnectionError } from './source'

const source = httpSource(new URL('http://example.test/runs/'))
const requests: { url: string; init: RequestInit }[] = []

function serve(answer: () => Response | Promise<Response>) {
  requests.length = 0
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    requests.push({ url, init })
    return answer()
  })
}

afterEach(() => vi.unstubAllGlobals())

it('asks below the base path, with the items of lists quoted', async () => {
  serve(() => Response.json({ version: 1 }))
  await source.columns(3, { names: ['param:a,b', 'value:0'], filter: 'x < 1', since: undefined })
  const url = new URL(requests[0]!.url)
  expect(url.pathname).toBe('/runs/api/experiments/3/columns')
  expect(url.searchParams.get('names')).toBe('param%3Aa%2Cb,value%3A0')
  expect([...url.searchParams.keys()]).toEqual(['names', 'filter'])
})

it('links to artifacts and files of trials stay below the base path', () => {
  expect(source.url('/artifacts/1/x')).toBe('http://example.test/runs/artifacts/1/x')
  expect(source.csvUrl(1, '', [1, 2])).toBe('http://example.test/runs/api/experiments/1/csv?numbers=1%2C2')
})

it('sends a file as a data URL', async () => {
  serve(() => Response.json({ artifact_id: 'x', artifacts: [] }))
  await source.upload(1, 7, new File(['hi'], 'a.txt', { type: 'text/plain' }))
  expect(requests[0]!.url).toBe('http://example.test/runs/api/artifacts/1/7')
  expect(JSON.parse(String(requests[0]!.init.body))).toEqual({
    file: 'data:text/plain;base64,aGk=', filename: 'a.txt',
  })
})

it('tells the reason that the server gives, with its status and all of its answer', async () => {
  serve(() => Response.json({ reason: 'there is no study 5', note: 1 }, { status: 404 }))
  const error = await source.study(5, true).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(ApiError)
  expect(error).toMatchObject({ status: 404, message: 'there is no study 5', body: { note: 1 } })
})

it('says something of answers without a reason, such as those of a proxy', async () => {
  serve(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }))
  await expect(source.meta()).rejects.toThrow('The server answered 502 Bad Gateway')
  serve(() => new Response('<html>'))
  await expect(source.meta()).rejects.toThrow('not JSON')
})

it('an answer without content is none', async () => {
  serve(() => new Response(null, { status: 204 }))
  expect(await source.deleteExperiment(1, true)).toBeUndefined()
  expect(requests[0]).toMatchObject({
    url: 'http://example.test/runs/api/experiments/1?artifacts=true', init: { method: 'DELETE' },
  })
})

it('a server that does not answer is another trouble than one that refuses', async () => {
  serve(() => Promise.reject(new TypeError('Failed to fetch')))
  await expect(source.meta()).rejects.toBeInstanceOf(ConnectionError)
})
