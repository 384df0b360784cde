import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Cache, type Entry } from './cache'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A server that answers when the test says so. */
function slow() {
  const asked: { signal: AbortSignal; answer: (text: string) => void; fail: (e: Error) => void }[] = []
  const load = (signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      asked.push({ signal, answer: resolve, fail: reject })
      signal.addEventListener('abort', () => reject(new Error('aborted')))
    })
  return { asked, load }
}

const settle = () => vi.advanceTimersByTimeAsync(0)
const shown = (entry: Entry<string>) => entry.state.value.data

it('who asks while the same is loading gets the same answer', async () => {
  const { asked, load } = slow()
  const cache = new Cache()
  const entry = cache.entry('a', load)
  expect(cache.entry('a', load)).toBe(entry)
  entry.use()
  entry.ensure()
  entry.use()
  entry.ensure()
  expect(asked).toHaveLength(1)
  asked[0]?.answer('one')
  await settle()
  expect(entry.state.value).toEqual({ data: 'one', error: undefined, loading: false })
  entry.use()
  entry.ensure()
  expect(asked).toHaveLength(1)
})

it('what changes while it is loading is loaded after it, once', async () => {
  const { asked, load } = slow()
  const entry = new Cache().entry('a', load)
  entry.use()
  entry.ensure()
  void entry.refresh()
  void entry.refresh()
  expect(asked).toHaveLength(1)
  asked[0]?.answer('old')
  await settle()
  expect([asked.length, shown(entry), entry.state.value.loading]).toEqual([2, 'old', true])
  asked[1]?.answer('new')
  await settle()
  expect([asked.length, shown(entry)]).toEqual([2, 'new'])
})

it('changes in quick succession load at most once in the quiet time', async () => {
  const load = vi.fn(() => Promise.resolve('x'))
  const entry = new Cache().entry('a', load)
  entry.use()
  entry.ensure()
  await settle()
  for (let i = 0; i < 10; i++) {
    entry.refreshSoon(500)
    await vi.advanceTimersByTimeAsync(20)
  }
  expect(load).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(300)
  expect(load).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(5000)
  expect(load).toHaveBeenCalledTimes(2)
})

it('old data stay when loading again fails', async () => {
  const { asked, load } = slow()
  const entry = new Cache().entry('a', load)
  entry.use()
  entry.ensure()
  asked[0]?.answer('one')
  await settle()
  void entry.refresh()
  asked[1]?.fail(new Error('away'))
  await settle()
  expect(entry.state.value).toMatchObject({ data: 'one', error: { message: 'away' }, loading: false })
})

it('what nobody shows any more is not waited for, and loaded anew for the next', async () => {
  const { asked, load } = slow()
  const entry = new Cache().entry('a', load)
  const release = entry.use()
  entry.ensure()
  release()
  expect(asked[0]?.signal.aborted).toBe(true)
  entry.use()
  entry.ensure()
  await settle()
  expect(asked).toHaveLength(2)
  asked[1]?.answer('one')
  await settle()
  expect(entry.state.value).toEqual({ data: 'one', error: undefined, loading: false })
})

it('an answer is kept for a minute for who comes back', async () => {
  const load = vi.fn(() => Promise.resolve('x'))
  const cache = new Cache()
  const entry = cache.entry('a', load)
  const release = entry.use()
  entry.ensure()
  await settle()
  release()
  await vi.advanceTimersByTimeAsync(59_000)
  expect(cache.entry('a', load)).toBe(entry)
  await vi.advanceTimersByTimeAsync(2000)
  expect(cache.entry('a', load)).not.toBe(entry)
})

it('changes of what nobody shows load nothing', async () => {
  const load = vi.fn(() => Promise.resolve('x'))
  new Cache().entry('a', load).refreshSoon(0)
  await vi.advanceTimersByTimeAsync(1000)
  expect(load).not.toHaveBeenCalled()
})

it('a load gets what was there before', async () => {
  const seen: (string | undefined)[] = []
  const load = (_: AbortSignal, old: string | undefined) => Promise.resolve(`${seen.push(old)}`)
  const entry = new Cache().entry('a', load)
  entry.use()
  await entry.refresh()
  await entry.refresh()
  expect(seen).toEqual([undefined, '1'])
})

it('who comes later does not stop a load that others wait for', async () => {
  const load = vi.fn(() => Promise.resolve('x'))
  const entry = new Cache().entry('a', load)
  entry.use()
  entry.ensure()
  await settle()
  entry.refreshSoon(1000)
  entry.use()
  entry.ensure()
  await vi.advanceTimersByTimeAsync(1000)
  expect(load).toHaveBeenCalledTimes(2)
})
