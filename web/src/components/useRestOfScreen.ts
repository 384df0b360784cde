import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const MARGIN = 12
const LEAST = 420

/** The height that is left below the top of an element, so that it scrolls and the page need not; `least`, in pixels, where there is less. */
export function useRestOfScreen(least = LEAST): [RefObject<HTMLDivElement>, number] {
  const box = useRef<HTMLDivElement>(null)
  const [height, setHeight] = useState(least)
  useLayoutEffect(() => {
    const measure = () => {
      const top = (box.current?.getBoundingClientRect().top ?? 0) + window.scrollY
      setHeight(Math.max(least, window.innerHeight - top - MARGIN))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    window.addEventListener('resize', measure)
    return () => {
      observer.disconnect()
      window.removeEventListener('resize', measure)
    }
  }, [])
  return [box, height]
}
