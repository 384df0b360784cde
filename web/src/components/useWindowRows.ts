import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const AROUND = 10

export interface WindowRows {
  /** The element that the rows begin in. */
  box: RefObject<HTMLElement>
  /** The rows to draw, up to `last` exclusively, and the heights of those left out. */
  first: number
  last: number
  before: number
  after: number
  /** The first row that is in sight now. */
  firstInSight(): number
  /** Scroll so far that a row is in sight. */
  reveal(index: number): void
}

/** Rows of equal height in a page that scrolls as a whole; only those near the window are drawn. */
export function useWindowRows(count: number, height: number, head: number): WindowRows {
  const box = useRef<HTMLElement>(null)
  const [[first, last], setRange] = useState<[number, number]>([0, 60])
  useLayoutEffect(() => {
    const look = () => {
      const above = -(box.current?.getBoundingClientRect().top ?? 0)
      const from = Math.max(0, Math.floor(above / height) - AROUND)
      const to = Math.min(count, Math.ceil((above + window.innerHeight) / height) + AROUND)
      setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]))
    }
    look()
    window.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  }, [count, height])

  const reveal = (index: number) => {
    const top = (box.current?.getBoundingClientRect().top ?? 0) + index * height
    const below = top + height - window.innerHeight
    if (top < head) window.scrollBy({ top: top - head })
    else if (below > 0) window.scrollBy({ top: below + 8 })
  }
  const firstInSight = () => {
    const above = head - (box.current?.getBoundingClientRect().top ?? 0)
    return Math.max(0, Math.ceil(above / height))
  }
  const [start, end] = [Math.min(first, count), Math.min(last, count)]
  const [before, after] = [start * height, (count - end) * height]
  return { box, first: start, last: end, before, after, firstInSight, reveal }
}
