import { useLayoutEffect, useRef } from 'preact/hooks'

export type Keys = Record<string, (event: KeyboardEvent) => void>

/** Whether a key press is meant for the page, not for what is typed, for a dialog or an open menu. */
export function isForPage(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false
  if (document.querySelector('dialog[open], :popover-open')) return false
  const target = event.target as Element | null
  if (!target?.closest) return true
  if (target.closest(TYPED)) return false
  // Enter and space press what has the focus.
  return !(PRESSES.has(event.key) && target.closest('button, a, summary, input, [role=button]'))
}

const PRESSES = new Set(['Enter', ' '])
const TYPED = 'input:not([type=checkbox]), textarea, select, [contenteditable=true]'

/** Whether keys go to something that takes text. */
export const isTyping = () => document.activeElement?.closest(TYPED) != null

/** Keys of a page, while it is shown: a key's name as in `KeyboardEvent.key`, and what it does. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  latest.current = keys
  // In time for the first key that somebody presses who sees the page.
  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const action = latest.current[event.key]
      if (!action || !isForPage(event)) return
      event.preventDefault()
      action(event)
    }
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}

/** Put the cursor into the search or filter box of the page. */
export function focusSearch(): void {
  const box = document.querySelector<HTMLInputElement>('[data-key="/"]')
  box?.focus()
  box?.select()
}
