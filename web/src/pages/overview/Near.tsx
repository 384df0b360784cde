import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import { useNear } from '../../charts/useNear'
import { ErrorBoundary } from '../../components'

/** What is below is made when the reader comes near; its place is kept free. */
export function Near({
  class: classes = '',
  height = 340,
  children,
}: {
  class?: string
  height?: number
  children: ComponentChildren
}) {
  const place = useRef<HTMLDivElement>(null)
  const near = useNear(place)
  if (near) return <ErrorBoundary>{children}</ErrorBoundary>
  return <div ref={place} class={classes} style={{ minHeight: `${height}px` }} />
}
