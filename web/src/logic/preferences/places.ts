import { MOST } from './answers'

/** Numbers of trials where they are on the screen; null where one is awaited. */
export type Places = readonly (number | null)[]

/** Where trials were last on the screen. */
export type Homes = ReadonlyMap<number, number>

/** How many places there are: for all who wait and will wait, unless fewer are wished. */
export const placeCount = (wished: number, waiting: number, generated: number | null): number =>
  Math.min(wished, MOST, Math.max(2, waiting, generated ?? 0))

/** Who waits, in their places: who has one keeps it, who had one gets it if it is free, and the others come in the given order. */
export function arranged(places: Places, waiting: readonly number[], count: number, homes: Homes = new Map()): Places {
  const wanted = new Set<number | null>(waiting)
  const kept = Array.from({ length: count }, (_, at) => {
    const number = places[at] ?? null
    return wanted.has(number) ? number : null
  })
  const returned = waiting.filter((number) => !places.includes(number))
  const home = kept.map((number, at) => number ?? returned.find((one) => homes.get(one) === at) ?? null)
  const displaced = places.slice(count).filter((number) => number !== null && wanted.has(number))
  const next = [...new Set([...displaced, ...waiting])].filter((number) => !home.includes(number))
  return home.map((number) => number ?? next.shift() ?? null)
}

/** With some where they were; who has taken such a place goes. */
export const restored = (places: Places, numbers: readonly number[], homes: Homes): Places =>
  places.map((now, at) => numbers.find((number) => homes.get(number) === at) ?? now)

/** With one of them elsewhere; those between move up. */
export function moved(places: Places, from: number, to: number): Places {
  const rest = places.toSpliced(from, 1)
  return rest.toSpliced(to, 0, places[from] ?? null)
}

/** The place of the next one before (-1) or behind (1) a place that is to be ranked, if there is one. */
export function neighbour(places: Places, at: number, by: 1 | -1, ranked: readonly number[]): number | undefined {
  for (let to = at + by; to >= 0 && to < places.length; to += by) {
    if (ranked.includes(places[to] ?? -1)) return to
  }
  return undefined
}

/** Between two cards, in pixels. */
const GAP = 10
const NARROWEST = 104
/** A card that is not wider has no answer button: a tap on what it shows must do. */
export const TIGHT = 150
/** So wide, a card has its name and its answer button in one line. */
const ONE_LINE = 240

/** In how many columns so many cards show the most, where each shows something so many times as wide as high. */
export function columnsFor(count: number, width: number, height: number, aspect = 1): number {
  let [best, most] = [0, 1]
  for (let columns = 1; columns <= count && cardWidth(width, columns) >= NARROWEST; columns += 1) {
    const wide = cardWidth(width, columns)
    const high = cardWidth(height, Math.ceil(count / columns)) - footOf(wide)
    const size = Math.min(wide, Math.max(high, 40) * aspect)
    if (size > best) [best, most] = [size, columns]
  }
  return most
}

/** What is left for each card of so many side by side. */
export const cardWidth = (width: number, columns: number): number => (width + GAP) / columns - GAP

/** How high all is in a card below what it shows. */
function footOf(width: number): number {
  if (width <= TIGHT) return 42
  return width < ONE_LINE ? 84 : 48
}
