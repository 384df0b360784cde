import type { RefObject } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { type InSight, type Shown, inSight } from '../../../logic/runs/columns'

/** Columns are drawn a little beyond what is in sight, and anew after so many pixels. */
const STEP = 80

/** Which columns a box that scrolls sideways has to draw. */
export function useInSight(box: RefObject<HTMLElement>, columns: readonly Shown[], pinned: number): InSight {
  const [{ scrolled, room }, setPlace] = useState({ scrolled: 0, room: 1600 })
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return undefined
    const look = () => {
      const scrolled = Math.round(element.scrollLeft / STEP) * STEP
      const room = element.clientWidth
      setPlace((old) => (old.scrolled === scrolled && old.room === room ? old : { scrolled, room }))
    }
    look()
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  const found = useMemo(() => inSight(columns, pinned, scrolled, room), [columns, pinned, scrolled, room])
  const kept = useRef(found)
  if (!isSame(kept.current, found)) kept.current = found
  return kept.current
}

/** Whether the same columns are drawn: then rows need not be drawn anew. */
const isSame = (a: InSight, b: InSight): boolean =>
  a.all === b.all && a.pinned.length === b.pinned.length && a.visible[0] === b.visible[0] && a.visible.length === b.visible.length
