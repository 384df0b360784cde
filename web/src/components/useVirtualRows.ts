import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { rowsInSight, scrollFor } from '../logic/rowsInSight'

export interface VirtualRows {
  /** The element that scrolls. */
  box: RefObject<HTMLDivElement>
  /** The rows to draw, and where each begins, in pixels. */
  items: { index: number; start: number }[]
  /** Height of all rows together, in pixels. */
  height: number
  first: number
  last: number
  scrollTo(index: number): void
}

/** Rows of equal height below a head that stays, of which only those in sight are drawn. */
export function useVirtualRows(count: number, rowHeight: number, around = 8, head = 0): VirtualRows {
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 0 })
  const sight = rowsInSight(count, rowHeight, view.top, view.height, around)
  useLayoutEffect(() => {
    const element = box.current!
    let height = element.clientHeight
    // Drawn anew when other rows come in sight, not with each pixel.
    const look = () => {
      const top = Math.floor(element.scrollTop / rowHeight) * rowHeight
      setView((old) => (old.top === top && old.height === height ? old : { top, height }))
    }
    look()
    const observer = new ResizeObserver(() => {
      height = element.clientHeight
      look()
    })
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [rowHeight])
  const scrollTo = (index: number) => {
    const element = box.current
    const top = element ? scrollFor(index, rowHeight, head, element.scrollTop, element.clientHeight) : undefined
    if (top !== undefined) element!.scrollTop = top
  }
  const items = Array.from({ length: sight.end - sight.first }, (_, at) => {
    const index = sight.first + at
    return { index, start: index * rowHeight }
  })
  return { box, items, height: count * rowHeight, first: sight.first, last: Math.max(sight.first, sight.end - 1), scrollTo }
}
