import './trialParts.css'
import type { ComponentChildren } from 'preact'
import { useId, useRef, useState } from 'preact/hooks'
import { Button } from './Button'

interface PopoverProps {
  label: string
  /** What the button shows, if not its label. */
  face?: ComponentChildren
  kind?: 'plain' | 'icon' | undefined
  children: ComponentChildren
}

const EDGE = 6

/** A button that opens a small panel of controls; Escape, a click beside it and a link in it close it. */
export function Popover({ label, face, kind = 'plain', children }: PopoverProps) {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLSpanElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const id = useId()
  const onToggle = (event: Event) => {
    const isOpen = (event as ToggleEvent).newState === 'open'
    setOpen(isOpen)
    if (isOpen) requestAnimationFrame(() => place(button.current, panel.current))
  }
  // Who follows a link has chosen.
  const onClick = ({ target }: Event) => (target as Element).closest('a') && panel.current?.hidePopover()
  return (
    <span class="popover-anchor" ref={button}>
      <Button kind={kind} aria-label={label} title={face ? label : undefined} aria-expanded={open} popovertarget={id}>
        {face ?? label}
      </Button>
      <div ref={panel} id={id} class="popover" popover="auto" role="group" aria-label={label} onToggle={onToggle} onClick={onClick}>
        {open && children}
      </div>
    </span>
  )
}

/** Below the button, or above it where there is more room, and never off the screen. */
function place(anchor: HTMLElement | null, panel: HTMLElement | null): void {
  if (!anchor || !panel) return
  const at = anchor.getBoundingClientRect()
  const width = document.documentElement.clientWidth
  const room = window.innerHeight - at.bottom
  const below = room > panel.offsetHeight + EDGE || room > at.top
  panel.style.left = `${Math.max(EDGE, Math.min(at.left, width - panel.offsetWidth - EDGE))}px`
  panel.style.top = below ? `${at.bottom + 2}px` : 'auto'
  panel.style.bottom = below ? 'auto' : `${window.innerHeight - at.top + 2}px`
  panel.style.maxHeight = `${(below ? room : at.top) - 2 * EDGE}px`
}
