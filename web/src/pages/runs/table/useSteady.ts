import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { ROW } from './sizes'

/** How far a line is looked for that came to another place. */
const REACH = 200

/**
 * Keep what is read where it is: lines that come or go above scroll the box by as much.
 *
 * A new list begins at its top; at the top, new lines show.
 */
export function useSteady(
  box: RefObject<HTMLElement>,
  list: string,
  count: number,
  idAt: (place: number) => string | undefined,
  onShift: (by: number) => void,
): void {
  const seen = useRef<{ list: string; place: number; id: string | undefined }>({ list, place: 0, id: undefined })
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const { list: before, place, id } = seen.current
    if (before !== list) element.scrollTop = 0
    else if (place > 0 && id !== undefined && idAt(place) !== id) {
      const now = placeNear(place, Math.min(count, place + REACH), id, idAt)
      if (now !== undefined) {
        element.scrollTop += (now - place) * ROW
        onShift(now - place)
      }
    }
    const top = Math.round(element.scrollTop / ROW)
    seen.current = { list, place: top, id: idAt(top) }
  })
}

function placeNear(place: number, end: number, id: string, idAt: (place: number) => string | undefined): number | undefined {
  for (let at = Math.max(0, place - REACH); at < end; at += 1) if (idAt(at) === id) return at
  return undefined
}
