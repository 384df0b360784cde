import { useLayoutEffect, useRef } from 'preact/hooks'
import { type MenuItem, MenuItems } from './Menu'

export interface ContextMenuProps {
  label: string
  items: MenuItem[]
  /** Where it opens. */
  x: number
  y: number
  onClose(): void
}

const EDGE = 4

/** A list of actions at a place of the page, as after a right click. */
export function ContextMenu({ label, items, x, y, onClose }: ContextMenuProps) {
  const list = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const menu = list.current
    if (!menu) return
    menu.showPopover()
    menu.style.left = `${Math.max(EDGE, Math.min(x, window.innerWidth - menu.offsetWidth - EDGE))}px`
    menu.style.top = `${Math.max(EDGE, Math.min(y, window.innerHeight - menu.offsetHeight - EDGE))}px`
  }, [x, y, items])
  const close = (event: Event) => (event as ToggleEvent).newState === 'closed' && onClose()
  return (
    <div ref={list} class="menu" popover="auto" role="menu" aria-label={label} onToggle={close}>
      <MenuItems items={items} close={() => list.current?.hidePopover()} />
    </div>
  )
}
