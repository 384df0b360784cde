import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

/** The width of an element, now and whenever it changes. */
export function useSize(element: RefObject<HTMLElement>): number {
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const observed = element.current
    if (!observed) return undefined
    setWidth(Math.floor(observed.clientWidth))
    const observer = new ResizeObserver(() => setWidth(Math.floor(observed.clientWidth)))
    observer.observe(observed)
    return () => observer.disconnect()
  }, [])
  return width
}
