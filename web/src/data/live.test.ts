import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Changes } from './api.gen'
import { Live } from './live'

/** A stream that the test plays the server of. */
class Stream {
  onopen: (() => void) | null = null
  onerror: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  closed = false
  constructor(readonly since: number) {}
  close() {
    this.closed = true
  }
  say(changes: Partial<Changes>) {
    this.onmessage?.({ data: JSON.stringify({ tick: 0, experiments: {}, deleted: [], ...changes }) })
  }
}

let streams: Stream[]
let asked: number[]
let answer: () => Promise<Changes>
let visible: boolean
let live: Live
let told: (number[] | 'all')[]

const latest = () => streams.at(-1)!
const nothing = (tick = 0): Changes => ({ tick, experiments: {}, deleted: [] })

beforeEach(() => {
  vi.useFakeTimers()
  streams = []
  asked = []
  told = []
  visible = true
  answer = () => Promise.resolve(nothing())
  live = new Live({
    events: (since) => {
      streams.push(new Stream(since))
      return latest() as unknown as EventSource
    },
    changes: (since) => {
      asked.push(since)
      return answer()
    },
    visible: () => visible,
  })
  live.subscribe((changed) => told.push(changed === 'all' ? 'all' : [...changed]))
})
afterEach(() => {
  live.stop()
  vi.useRealTimers()
})

function connect() {
  live.start('events')
  latest().onopen?.()
}

it('tells which experiments changed, once for each version', () => {
  connect()
  latest().say({ tick: 5, experiments: { 1: 10, 2: 20 } })
  latest().say({ tick: 6, experiments: { 1: 10, 2: 21 } })
  latest().say({ tick: 7, deleted: [1] })
  expect(told).toEqual([[1, 2], [2], [1]])
  expect(live.state.value).toBe('live')
})

it('a lost connection is tried again, ever less often, from where it was', () => {
  connect()
  latest().say({ tick: 5, experiments: { 1: 10 } })
  latest().onerror?.()
  expect(live.state.value).toBe('lost')
  expect(latest().closed).toBe(true)
  vi.advanceTimersByTime(1000)
  expect(streams.map((s) => s.since)).toEqual([0, 5])
  latest().onerror?.()
  vi.advanceTimersByTime(1999)
  expect(streams).toHaveLength(2)
  vi.advanceTimersByTime(1)
  expect(streams).toHaveLength(3)
  expect(live.state.value).toBe('lost')
  latest().onopen?.()
  expect(live.state.value).toBe('live')
})

it('asks instead when streams never open', async () => {
  live.start('events')
  for (const wait of [1000, 2000, 4000]) {
    latest().onerror?.()
    await vi.advanceTimersByTimeAsync(wait)
  }
  expect(streams).toHaveLength(3)
  expect(asked).toEqual([0])
  expect(live.state.value).toBe('live')
  answer = () => Promise.resolve({ tick: 3, experiments: { 4: 1 }, deleted: [] })
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toEqual([[4]])
})

it('a server that asks for it is polled, with pauses when it does not answer', async () => {
  live.start('poll')
  await vi.advanceTimersByTimeAsync(2500)
  expect(asked).toHaveLength(3)
  answer = () => Promise.reject(new Error('gone'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(live.state.value).toBe('lost')
  await vi.advanceTimersByTimeAsync(20_000)
  expect(asked.length).toBeLessThan(10)
  answer = () => Promise.resolve(nothing(9))
  await vi.advanceTimersByTimeAsync(15_000)
  expect(live.state.value).toBe('live')
})

it('rests in a hidden tab and catches up when it is shown', () => {
  connect()
  latest().say({ tick: 5, experiments: { 1: 10 } })
  visible = false
  live.wake()
  expect(latest().closed).toBe(true)
  vi.advanceTimersByTime(600_000)
  expect(streams).toHaveLength(1)
  visible = true
  live.wake()
  expect(latest().since).toBe(5)
  latest().onopen?.()
  latest().say({ tick: 8, experiments: { 1: 12 } })
  expect(told).toEqual([[1], 'all'])
})

it('a silent stream is doubted, and given up when it keeps changes to itself', async () => {
  connect()
  await vi.advanceTimersByTimeAsync(30_000)
  expect([asked.length, streams.length, live.state.value]).toEqual([1, 1, 'live'])
  answer = () => Promise.resolve({ tick: 7, experiments: { 1: 3 }, deleted: [] })
  await vi.advanceTimersByTimeAsync(30_000)
  expect([streams.length, told]).toEqual([2, [[1]]])
  latest().onopen?.()
  answer = () => Promise.resolve({ tick: 8, experiments: { 1: 4 }, deleted: [] })
  await vi.advanceTimersByTimeAsync(31_500)
  expect(streams).toHaveLength(2)
  expect(asked.length).toBeGreaterThan(3)
})

it('a silent stream whose server is gone is lost', async () => {
  connect()
  answer = () => Promise.reject(new Error('gone'))
  await vi.advanceTimersByTimeAsync(30_000)
  expect(live.state.value).toBe('lost')
})

it('after a pause all is out of date: what was deleted by then is nowhere told', () => {
  connect()
  latest().say({ tick: 5, experiments: { 1: 10, 2: 20 } })
  latest().onerror?.()
  vi.advanceTimersByTime(1000)
  latest().onopen?.()
  expect(told).toEqual([[1, 2]])
  latest().say({ tick: 9, experiments: { 1: 10 } })
  latest().say({ tick: 10, experiments: { 1: 11 } })
  expect(told).toEqual([[1, 2], 'all', [1]])
})

it('answers of a connection that was given up are not listened to', async () => {
  let late: (changes: Changes) => void = () => {}
  answer = () => new Promise((resolve) => (late = resolve))
  live.start('poll')
  live.stop()
  late({ tick: 5, experiments: { 1: 1 }, deleted: [] })
  await vi.advanceTimersByTimeAsync(5000)
  expect([told, asked.length, live.state.value]).toEqual([[], 1, 'off'])
})
