/** A colour: the name of a CSS variable (`--category-0`), a place of a ramp, or any CSS colour. */
export type Ink = string

/** Okabe and Ito's colours, which colour-blind people can tell apart; the page sets the shades. */
export const CATEGORIES: readonly Ink[] = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `--category-${n}`)

export function category(index: number): Ink {
  return CATEGORIES[index % CATEGORIES.length]!
}

type Rgb = readonly [number, number, number]
export type Ramp = 'values' | 'numbers' | 'liked'

// Nodes of perceptually even ramps: dark blue over green to yellow, light to dark blue, and dark
// blue to green, on which both light dots and a red mark are seen.
const NODES: Record<Ramp, readonly Rgb[]> = {
  values: [
    [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
    [39, 173, 129], [92, 200, 99], [170, 220, 50], [253, 231, 37],
  ],
  numbers: [
    [173, 205, 232], [120, 175, 219], [70, 140, 196], [33, 104, 167], [8, 62, 120],
  ],
  liked: [
    [68, 1, 84], [71, 44, 122], [59, 81, 139], [44, 113, 142], [33, 144, 141],
    [39, 173, 129], [92, 200, 99], [170, 220, 50],
  ],
} // prettier-ignore

export const SHADES = 64

/** The place of a ramp from 0 to 1 as an ink; which colour that is depends on the theme. */
export function rampInk(ramp: Ramp, place: number): Ink {
  return `ramp:${ramp}:${place.toFixed(3)}`
}

/**
 * The colour of such an ink. On dark ground ramps go the other way, so that what matters most is
 * bright; only of what people like the most is bright on any ground.
 */
export function rampColour(ink: Ink, dark: boolean): string {
  const [, ramp, text] = ink.split(':')
  const place = Number(text)
  return shade(ramp as Ramp, dark && ramp !== 'liked' ? 1 - place : place)
}

/** A ramp's colour at a place from 0 to 1. */
export function shade(ramp: Ramp, place: number): string {
  const nodes = NODES[ramp]
  const at = Math.min(1, Math.max(0, place)) * (nodes.length - 1)
  const k = Math.min(nodes.length - 2, Math.floor(at))
  const mix = (c: 0 | 1 | 2) =>
    Math.round(nodes[k]![c] + (at - k) * (nodes[k + 1]![c] - nodes[k]![c]))
  return `rgb(${mix(0)},${mix(1)},${mix(2)})`
}

/** Whether values reach over so many powers of ten that they are better seen on a logarithmic scale. */
export const isWide = (low: number, high: number): boolean => low > 0 && high / low >= 100

/** Which of a ramp's shades each value gets. */
export function shadesOf(values: ArrayLike<number>, min: number, max: number): Uint8Array {
  const size = max - min || 1
  return Uint8Array.from(values, (v) =>
    Number.isFinite(v)
      ? Math.min(SHADES - 1, Math.max(0, Math.floor(((v - min) / size) * SHADES)))
      : 0,
  )
}

export type Shape = 'circle' | 'square' | 'diamond' | 'triangle' | 'cross' | 'ring'

export interface StatusStyle {
  status: string
  word: string
  ink: Ink
  shape: Shape
}

const STATUSES: readonly StatusStyle[] = [
  { status: 'COMPLETED', word: 'Complete', ink: '--completed', shape: 'circle' },
  { status: 'PRUNED', word: 'Pruned', ink: '--pruned', shape: 'diamond' },
  { status: 'RUNNING', word: 'Running', ink: '--running', shape: 'triangle' },
  { status: 'FAILED', word: 'Fail', ink: '--failed', shape: 'cross' },
  { status: 'PLANNED', word: 'Waiting', ink: '--planned', shape: 'ring' },
  { status: 'CANCELLED', word: 'Cancelled', ink: '--other', shape: 'square' },
]

export function statusStyle(status: string): StatusStyle {
  const known = STATUSES.find((s) => s.status === status)
  return known ?? { status, word: status, ink: '--other', shape: 'square' }
}

export const STATUS_ORDER: readonly string[] = STATUSES.map((s) => s.status)
