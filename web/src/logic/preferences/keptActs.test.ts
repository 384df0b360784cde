// @vitest-environment happy-dom
import { beforeEach, expect, it, vi } from 'vitest'
import { type Act, waitingNow } from './answers'
import { keepActs, keptActs } from './keptActs'
import { Outbox } from './outbox'

const gone = [{ number: 3 }] as unknown as Act['gone']
const act = (id: string, change: Partial<Act> = {}): Act => ({ id, gone, words: `${id}.`, wanted: true, known: true, since: 5, ...change })
const outboxWith = (acts: readonly Act[], send = vi.fn(() => Promise.resolve())) => {
  const outbox = new Outbox({ send, isFinal: () => true, refused: () => '' }, acts)
  return { outbox, send }
}

beforeEach(() => sessionStorage.clear())

it('what the server knows can be taken back after a reload', async () => {
  keepActs(1, [act('a'), act('b')])
  const { outbox, send } = outboxWith(keptActs(1))
  expect(waitingNow({ candidates: [], asOf: 0 }, outbox.acts.value)).toEqual([])
  expect(outbox.undo()?.id).toBe('b')
  expect(waitingNow({ candidates: [], asOf: 0 }, outbox.acts.value)).toEqual(gone)
  await Promise.resolve()
  expect(send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ id: 'b' }), false)
})

it('what was taken back, or never arrived, is forgotten', () => {
  keepActs(1, [act('a', { wanted: false }), act('b', { known: false }), act('c', { known: undefined })])
  expect(keptActs(1)).toEqual([])
})

it('each study has its own, and what is broken is nothing', () => {
  keepActs(1, [act('a')])
  expect(keptActs(2)).toEqual([])
  sessionStorage.setItem('runbase.said.1', '{')
  expect(keptActs(1)).toEqual([])
})
