import { type Signal, effect, signal } from '@preact/signals'
import { useEffect, useLayoutEffect, useMemo } from 'preact/hooks'
import { idsText, parseIds } from '../../logic/runs/address'
import { useUrlState } from '../../logic/urlState'

/** Ids of the selected runs, which the address of the page has, too. */
export function useSelection(): Signal<ReadonlySet<number>> {
  const [text, setText] = useUrlState('runs', '')
  const selection = useMemo(() => signal<ReadonlySet<number>>(parseIds(text)), [])
  // At once, not after the next frame: whatever differs from the address then came from there.
  useLayoutEffect(() => effect(() => setText(idsText(selection.value))), [])
  useEffect(() => {
    // A link, a view, or a step back; what was selected since is in the address, not yet in `text`.
    const now = new URLSearchParams(window.location.search).get('runs') ?? ''
    if (idsText(selection.peek()) !== now) selection.value = parseIds(now)
  }, [text])
  return selection
}
