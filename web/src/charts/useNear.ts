import type { RefObject } from 'preact'
import { useEffect, useState } from 'preact/hooks'

/** Whether an element has come near the part of the page that is seen. */
export function useNear(element: RefObject<Element>): boolean {
  const [near, setNear] = useState(false)
  useEffect(() => {
    if (near || !element.current) return undefined
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && setNear(true),
      { rootMargin: '250px' },
    )
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [near])
  return near
}
