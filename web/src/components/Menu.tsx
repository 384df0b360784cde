import type { ComponentChildren } from 'preact'
import { useId, useRef } from 'preact/hooks'
import { Button } from './Button'

export interface MenuItem {
  label: string
  onClick: () => void
  danger?: boolean | undefined
  disabled?: boolean | undefined
}

/** A button that opens a list of actions. */
export function Menu({ label, items, children = '⋯' }: { label: string; items: MenuItem[]; children?: ComponentChildren }) {
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const place = (button: HTMLElement) => {
    const box = button.getBoundingClientRect()
    const style = list.current?.style
    if (!style) return
    const below = box.bottom + items.length * 42 < window.innerHeight
    style.right = `${Math.max(4, document.documentElement.clientWidth - box.right)}px`
    style.top = below ? `${box.bottom + 2}px` : 'auto'
    style.bottom = below ? 'auto' : `${window.innerHeight - box.top + 2}px`
  }
  return (
    <>
      <Button
        kind="icon"
        aria-label={label}
        aria-haspopup="menu"
        popovertarget={id}
        onClick={(event) => place(event.currentTarget)}
      >
        {children}
      </Button>
      <div ref={list} id={id} class="menu" popover="auto" role="menu">
        <MenuItems items={items} close={() => list.current?.hidePopover()} />
      </div>
    </>
  )
}

/** The actions of a menu; arrow keys go through them. */
export function MenuItems({ items, close }: { items: MenuItem[]; close(): void }) {
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])]
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement)
    buttons[(at + step + buttons.length) % buttons.length]?.focus()
  }
  return (
    <div ref={list} role="presentation" onKeyDown={move}>
      {items.map((item, i) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          autofocus={i === 0}
          class={item.danger ? 'danger' : ''}
          disabled={item.disabled ?? false}
          onClick={() => {
            close()
            item.onClick()
          }}
        >
          {item.label}
        </button>
      ))}
    </div>
  )
}
