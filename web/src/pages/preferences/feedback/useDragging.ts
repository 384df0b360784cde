import type { RefObject } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import { CONTROLS } from './CandidateCard'

interface Drag {
  card: HTMLElement
  /** Where the card was taken hold of. */
  grabbed: { x: number; y: number }
  pointer: { x: number; y: number }
}

/** Cards of a grid that are dragged into another order; the others glide out of the way. */
export function useDragging(grid: RefObject<HTMLElement>, isOn: boolean, move: (number: number, to: number) => void) {
  const drag = useRef<Drag | undefined>(undefined)
  const spots = useRef(new Map<string, { x: number; y: number }>())

  useLayoutEffect(() => {
    const isStill = !isOn || window.matchMedia('(prefers-reduced-motion: reduce)').matches
    const before = spots.current
    spots.current = new Map()
    for (const card of cardsOf(grid.current)) {
      const [spot, old] = [{ x: card.offsetLeft, y: card.offsetTop }, before.get(card.dataset.number!)]
      spots.current.set(card.dataset.number!, spot)
      if (isStill || !old || card === drag.current?.card || (old.x === spot.x && old.y === spot.y)) continue
      card.animate([{ transform: `translate(${old.x - spot.x}px, ${old.y - spot.y}px)` }, { transform: 'none' }], { duration: 160, easing: 'ease-out' })
    }
    if (drag.current) follow(drag.current)
  })
  if (!isOn) return {}

  const end = () => {
    if (!drag.current) return
    drag.current.card.classList.remove('dragged')
    drag.current.card.style.transform = ''
    drag.current = undefined
  }
  return {
    onPointerDown: (event: PointerEvent) => {
      const target = event.target as Element
      const card = target.closest<HTMLElement>('.candidate[data-number]')
      if (!card || drag.current || event.button !== 0 || target.closest(CONTROLS)) return
      const { x, y } = within(grid.current!, event)
      // The grid, not the card: a card that gets another place would lose the pointer.
      grid.current!.setPointerCapture(event.pointerId)
      drag.current = { card, grabbed: { x: x - card.offsetLeft, y: y - card.offsetTop }, pointer: { x, y } }
      card.classList.add('dragged')
      card.focus({ preventScroll: true })
    },
    onPointerMove: (event: PointerEvent) => {
      if (!drag.current) return
      drag.current.pointer = within(grid.current!, event)
      follow(drag.current)
      const { card, pointer } = drag.current
      const cells = [...grid.current!.children] as HTMLElement[]
      const to = cells.findIndex((cell) => cell !== card && contains(cell, pointer))
      if (to >= 0) move(Number(card.dataset.number), to)
    },
    onPointerUp: end,
    onPointerCancel: end,
  }
}

const cardsOf = (grid: HTMLElement | null) => [...(grid?.querySelectorAll<HTMLElement>('.candidate[data-number]') ?? [])]

/** Where a pointer is in a grid, whatever is scrolled. */
function within(grid: HTMLElement, { clientX, clientY }: PointerEvent) {
  const { left, top } = grid.getBoundingClientRect()
  return { x: clientX - left, y: clientY - top }
}

const contains = ({ offsetLeft: x, offsetTop: y, offsetWidth: wide, offsetHeight: high }: HTMLElement, at: { x: number; y: number }) =>
  at.x >= x && at.x < x + wide && at.y >= y && at.y < y + high

function follow({ card, grabbed, pointer }: Drag): void {
  card.style.transform = `translate(${pointer.x - grabbed.x - card.offsetLeft}px, ${pointer.y - grabbed.y - card.offsetTop}px)`
}
