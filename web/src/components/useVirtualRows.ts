import {
  Virtualizer, elementScroll, observeElementOffset, observeElementRect, type VirtualItem,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks'

export interface VirtualRows {
  /** The element that scrolls. */
  box: RefObject<HTMLDivElement>
  items: VirtualItem[]
  /** Height of all rows together, in pixels. */
  height: number
  first: number
  last: number
  scrollTo(index: number, align?: 'auto' | 'start' | 'center'): void
}

/** Rows of equal height, of which only those in sight are drawn. */
export function useVirtualRows(count: number, rowHeight: number, overscan = 8, paddingStart = 0): VirtualRows {
  const box = useRef<HTMLDivElement>(null)
  const [, redraw] = useReducer((times: number) => times + 1, 0)
  const options = {
    count,
    overscan,
    scrollPaddingStart: paddingStart,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    onChange: () => redraw(undefined as never),
  }
  const [virtualizer] = useState(() => new Virtualizer<HTMLDivElement, HTMLElement>(options))
  virtualizer.setOptions(options)
  useLayoutEffect(() => virtualizer._didMount(), [])
  useLayoutEffect(() => virtualizer._willUpdate())
  const items = virtualizer.getVirtualItems()
  return {
    box,
    items,
    height: virtualizer.getTotalSize(),
    first: items[0]?.index ?? 0,
    last: items.at(-1)?.index ?? 0,
    scrollTo: (index, align = 'auto') => virtualizer.scrollToIndex(index, { align }),
  }
}
