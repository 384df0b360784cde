import { type Keys, isForPage, useKeys } from '../logic/keys'
import { moved } from '../logic/trials/selection'

const PAGE = 20

/** Keys that go through the rows of a table, beside others; what its box does with arrows is returned. */
export function useRowKeys(current: number, count: number, go: (place: number) => void, others: Keys) {
  const by = (step: number) => go(moved(current, step, count))
  useKeys({ j: () => by(1), k: () => by(-1), ...others })
  return (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE, Home: -count, End: count }[event.key]
    if (!step || !isForPage(event)) return
    event.preventDefault()
    by(step)
  }
}
