import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Act } from './answers'
import { Outbox } from './outbox'

/** What the server was asked, and what it answers; the test may change both. */
let asked: string[]
let answer: (asked: string) => Promise<void>
let failed: string[]
let outbox: Outbox

class Refusal extends Error {}

const give = (id: string) => outbox.add({ id, gone: [], words: `${id}.` })
const all = () => vi.advanceTimersByTimeAsync(200_000)
const wanted = () => outbox.acts.value.filter((act) => act.wanted).map(({ id }) => id)

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  failed = []
  answer = () => Promise.resolve()
  outbox = new Outbox({
    send: (act: Act, isWanted: boolean) => {
      asked.push(`${isWanted ? '+' : '-'}${act.id}`)
      return answer(asked.at(-1)!)
    },
    isFinal: (error) => error instanceof Refusal,
    refused: ({ id }) => {
      failed.push(id)
      return `${id} does not count.`
    },
  })
})
afterEach(() => vi.useRealTimers())

it('sends answers one after another, in their order', async () => {
  let release = () => {}
  answer = () => new Promise((resolve) => (release = resolve))
  give('a')
  give('b')
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toEqual(['+a'])
  release()
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toEqual(['+a', '+b'])
  expect(outbox.clock.value).toBe(1)
})

it('sends the same answer again until it has arrived', async () => {
  answer = () => (asked.length < 3 ? Promise.reject(new Error('lost')) : Promise.resolve())
  give('a')
  await all()
  expect(asked).toEqual(['+a', '+a', '+a'])
  expect(outbox.unsent).toEqual([])
  expect(outbox.failures.value).toBe(0)
  expect(failed).toEqual([])
})

it('sends an answer again that the server did not confirm for long', async () => {
  answer = () => (asked.length === 1 ? new Promise(() => {}) : Promise.resolve())
  give('a')
  await all()
  expect(asked).toEqual(['+a', '+a'])
})

it('tries again at once when the network is back', async () => {
  answer = () => (asked.length === 1 ? Promise.reject(new Error('lost')) : Promise.resolve())
  give('a')
  await vi.advanceTimersByTimeAsync(0)
  outbox.wake()
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toEqual(['+a', '+a'])
})

it('keeps what is said without a network for hours, and sends it when there is one', async () => {
  answer = () => Promise.reject(new Error('lost'))
  give('a')
  give('b')
  await vi.advanceTimersByTimeAsync(5 * 3_600_000)
  expect(wanted()).toEqual(['a', 'b'])
  expect(outbox.unsent.map(({ id }) => id)).toEqual(['a', 'b'])
  expect(outbox.failures.value).toBeGreaterThan(1000)
  asked = []
  answer = () => Promise.resolve()
  outbox.wake()
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toEqual(['+a', '+b'])
  expect(outbox.unsent).toEqual([])
  expect(outbox.failures.value).toBe(0)
  expect(failed).toEqual([])
})

it('takes back what was said last without a network, not what the server has', async () => {
  give('a')
  await all()
  answer = () => Promise.reject(new Error('lost'))
  give('b')
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(outbox.undo()?.id).toBe('b')
  expect(wanted()).toEqual(['a'])
})

it('puts only the one back that the server refuses', async () => {
  answer = (what) => (what === '+a' ? Promise.reject(new Refusal()) : Promise.resolve())
  give('a')
  give('b')
  await all()
  expect(asked).toEqual(['+a', '+b'])
  expect(failed).toEqual(['a'])
  expect(wanted()).toEqual(['b'])
  expect(outbox.refusal.value).toBe('a does not count.')
  give('c')
  expect(outbox.refusal.value).toBe('')
})

it('takes back the last answer, then the one before', async () => {
  give('a')
  give('b')
  await all()
  expect(outbox.undo()?.id).toBe('b')
  expect(outbox.undo()?.id).toBe('a')
  expect(outbox.undo()).toBeUndefined()
  await all()
  expect(asked).toEqual(['+a', '+b', '-b', '-a'])
})

it('does not send what was taken back before', async () => {
  answer = () => (asked.length === 1 ? new Promise((resolve) => setTimeout(resolve, 50)) : Promise.resolve())
  give('a')
  give('b')
  outbox.undo()
  await all()
  expect(asked).toEqual(['+a'])
})

it('takes back what may have arrived although nobody said so', async () => {
  answer = () => (asked.length === 1 ? Promise.reject(new Error('lost')) : Promise.resolve())
  give('a')
  await vi.advanceTimersByTimeAsync(0)
  outbox.undo()
  await all()
  expect(asked).toEqual(['+a', '-a'])
})

it('lets an answer count that could not be taken back', async () => {
  give('a')
  await all()
  answer = () => Promise.reject(new Refusal())
  outbox.undo()
  await all()
  expect(failed).toEqual(['a'])
  expect(wanted()).toEqual(['a'])
  expect(outbox.unsent).toEqual([])
})
