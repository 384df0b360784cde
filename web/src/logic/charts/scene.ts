import type { Ink, Ramp, Shape } from './palette'
import type { ScaleKind } from './scale'

/** What a chart shows, as data: it is drawn on a canvas, into an SVG file, or checked in a test. */
export interface Scene {
  x: Axis
  y: Axis
  layers: Layer[]
  bar?: ColourBar
  /** What people should know about what they don't see. */
  notes: string[]
  /** The chart in a sentence, for who cannot see it. */
  summary: string
  /** What the marks are of, if not of trials. */
  noun?: string
}

export interface Axis {
  label: string
  kind: ScaleKind
  labels?: readonly string[]
  /** Where the axis begins and ends, if not where the marks do. */
  range?: readonly [number, number]
  /** Turned around: small values at the far end. */
  quiet?: boolean
}

export interface MarkStyle {
  ink: Ink
  shape: Shape
  /** Its name in the legend; styles with the same one are shown and hidden together. */
  label?: string
  alpha?: number
}

export interface Points {
  kind: 'points'
  x: ArrayLike<number>
  y: ArrayLike<number>
  /** The number of the trial of each point; NaN for a point of none. */
  ids: ArrayLike<number>
  /** A place in styles for each point. */
  style: ArrayLike<number>
  styles: readonly MarkStyle[]
  size: number
  /** The size of each point, if not all are of the same. */
  sizes?: ArrayLike<number>
  /** A name before the trial's number, where trials of several studies are shown. */
  of?: string
  group?: number
}

export interface Line {
  kind: 'line'
  x: ArrayLike<number>
  y: ArrayLike<number>
  ink: Ink
  width: number
  alpha?: number
  dash?: readonly number[]
  step?: boolean
  label?: string
  /** The number of the trial whose line it is. */
  id?: number
  group?: number
}

/** Upright bars from low to high: where the true value of a point may be. */
export interface Whiskers {
  kind: 'whiskers'
  x: ArrayLike<number>
  low: ArrayLike<number>
  high: ArrayLike<number>
  ids: ArrayLike<number>
  ink: Ink
  label: string
}

/** The ground between two lines. */
export interface Band {
  kind: 'band'
  x: ArrayLike<number>
  low: ArrayLike<number>
  high: ArrayLike<number>
  ink: Ink
  label: string
}

export interface Heat {
  kind: 'heat'
  x: readonly number[]
  y: readonly number[]
  z: readonly (readonly (number | null)[])[]
  low: number
  high: number
  ramp: Ramp
}

export interface Bars {
  kind: 'bars'
  from: ArrayLike<number>
  to: ArrayLike<number>
  lane: ArrayLike<number>
  ids: ArrayLike<number>
  style: ArrayLike<number>
  styles: readonly MarkStyle[]
}

export type Layer = Points | Line | Whiskers | Band | Heat | Bars

export interface ColourBar {
  ramp: Ramp
  label: string
  low: number
  high: number
  lowLabel?: string
  highLabel?: string
}

export interface LegendItem {
  label: string
  ink: Ink
  shape: Shape | 'line' | 'bar' | 'whisker'
  /** Of a line: how it is broken, as it is drawn. */
  dash?: readonly number[] | undefined
}

/** The names of what is shown, each once. */
export function legendOf(scene: Scene): LegendItem[] {
  const items = new Map<string, LegendItem>()
  const add = (label: string | undefined, ink: Ink, shape: LegendItem['shape'], dash?: readonly number[]) => {
    if (label && !items.has(label)) items.set(label, { label, ink, shape, dash })
  }
  for (const layer of scene.layers) {
    if (layer.kind === 'line') add(layer.label, layer.ink, 'line', layer.dash)
    if (layer.kind === 'band') add(layer.label, layer.ink, 'bar')
    if (layer.kind === 'whiskers') add(layer.label, layer.ink, 'whisker')
    if (layer.kind !== 'points' && layer.kind !== 'bars') continue
    const used = new Set(Array.from(layer.style))
    layer.styles.forEach((style, i) => {
      if (used.has(i)) add(style.label, style.ink, layer.kind === 'bars' ? 'bar' : style.shape)
    })
  }
  return [...items.values()]
}

/** The scene without what the reader switched off in the legend. */
export function without(scene: Scene, hidden: ReadonlySet<string>): Scene {
  if (hidden.size === 0) return scene
  return { ...scene, layers: scene.layers.flatMap((layer) => shown(layer, hidden)) }
}

function shown(layer: Layer, hidden: ReadonlySet<string>): Layer[] {
  if (layer.kind === 'heat') return [layer]
  if (layer.kind === 'line' || layer.kind === 'whiskers' || layer.kind === 'band')
    return layer.label && hidden.has(layer.label) ? [] : [layer]
  const off = layer.styles.map((style) => style.label !== undefined && hidden.has(style.label))
  if (!off.includes(true)) return [layer]
  const keep = [...Array(layer.ids.length).keys()].filter((i) => !off[layer.style[i]!])
  const pick = (list: ArrayLike<number>) => Float64Array.from(keep, (i) => list[i]!)
  const common = { ids: pick(layer.ids), style: pick(layer.style) }
  if (layer.kind === 'points') {
    const sizes = layer.sizes ? { sizes: pick(layer.sizes) } : {}
    return [{ ...layer, ...common, ...sizes, x: pick(layer.x), y: pick(layer.y) }]
  }
  return [
    { ...layer, ...common, from: pick(layer.from), to: pick(layer.to), lane: pick(layer.lane) },
  ]
}

/** "1 trial", "2 trials". */
export function count(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

/** Which points have both coordinates on these scales. */
export function drawable(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  log: { x?: boolean; y?: boolean } = {},
): number[] {
  const found: number[] = []
  for (let i = 0; i < x.length; i++) {
    const [a, b] = [x[i]!, y[i]!]
    if (Number.isFinite(a) && Number.isFinite(b) && !(log.x && a <= 0) && !(log.y && b <= 0))
      found.push(i)
  }
  return found
}

export function pick(list: ArrayLike<number>, places: readonly number[]): Float64Array {
  return Float64Array.from(places, (i) => list[i]!)
}
