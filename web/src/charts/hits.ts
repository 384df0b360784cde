import { PointGrid } from '../logic/charts/grid'
import type { Bars, Layer } from '../logic/charts/scene'
import type { Layout } from './layout'

/** A mark of a chart: where it is on the screen and what it means. */
export interface Hit {
  layer: Layer
  index: number
  /** The number of the trial, if it belongs to one. */
  id: number | null
  px: number
  py: number
}

const RADIUS = 24

/** Which mark is where; made when the pointer first comes near. */
export class Hits {
  private readonly layers: Layer[] = []
  private readonly firsts: number[] = []
  private readonly xs: Float32Array
  private readonly ys: Float32Array
  private readonly grid: PointGrid
  private order: number[] | undefined

  constructor(private readonly layout: Layout) {
    const xs: number[] = []
    const ys: number[] = []
    for (const layer of layout.scene.layers) {
      if (layer.kind === 'heat' || layer.kind === 'whiskers' || layer.kind === 'band') continue
      if (layer.kind === 'line' && !hoverable(layer)) continue
      this.layers.push(layer)
      this.firsts.push(xs.length)
      const [x, y] = layer.kind === 'bars' ? [layer.from, layer.lane] : [layer.x, layer.y]
      for (let i = 0; i < x.length; i++) {
        const inside = this.inside(layout.px(x[i]!), layout.py(y[i]!))
        xs.push(inside || layer.kind === 'bars' ? layout.px(x[i]!) : NaN)
        ys.push(inside || layer.kind === 'bars' ? layout.py(y[i]!) : NaN)
      }
    }
    this.xs = Float32Array.from(xs)
    this.ys = Float32Array.from(ys)
    this.grid = new PointGrid(this.xs, this.ys, layout.width, layout.height)
  }

  private inside(x: number, y: number): boolean {
    const { left, right, top, bottom } = this.layout.box
    return x >= left - 1 && x <= right + 1 && y >= top - 1 && y <= bottom + 1
  }

  /** The mark at a place, or near it: as near as it need be, if it is wanted from anywhere. */
  at(x: number, y: number, radius = RADIUS): Hit | null {
    for (const layer of this.layers) {
      const index = layer.kind === 'bars' ? barAt(layer, this.layout, x, y) : -1
      if (index >= 0)
        return { ...this.hit(this.firsts[this.layers.indexOf(layer)]! + index), px: x }
    }
    const place = this.grid.nearest(x, y, radius)
    return place < 0 ? null : this.hit(place)
  }

  /** The numbers of the trials whose marks are in a rectangle. */
  within(left: number, top: number, right: number, bottom: number): number[] {
    const ids = this.grid.within(left, top, right, bottom).map((place) => this.hit(place).id)
    return [...new Set(ids.filter((id) => id !== null))]
  }

  /** The next mark to the right, or to the left, of one; the first without one. */
  beside(hit: Hit | null, step: number): Hit | null {
    this.order ??= [...this.xs.keys()]
      .filter((i) => !Number.isNaN(this.xs[i]))
      .sort((a, b) => this.xs[a]! - this.xs[b]!)
    if (this.order.length === 0) return null
    const now = hit
      ? this.order.indexOf(this.firsts[this.layers.indexOf(hit.layer)]! + hit.index)
      : step > 0
        ? -1
        : 0
    return this.hit(this.order[(now + step + this.order.length) % this.order.length]!)
  }

  private hit(place: number): Hit {
    let k = this.firsts.length - 1
    while (this.firsts[k]! > place) k--
    const layer = this.layers[k]!
    const index = place - this.firsts[k]!
    return { layer, index, id: idOf(layer, index), px: this.xs[place]!, py: this.ys[place]! }
  }
}

function hoverable(layer: Extract<Layer, { kind: 'line' }>): boolean {
  return layer.id !== undefined || layer.group !== undefined
}

function idOf(layer: Layer, index: number): number | null {
  if (layer.kind === 'line') return layer.id ?? null
  if (layer.kind === 'heat' || layer.kind === 'band') return null
  const id = layer.ids[index]!
  return Number.isNaN(id) ? null : id
}

function barAt(layer: Bars, layout: Layout, x: number, y: number): number {
  const lane = layout.y.invert((layout.box.bottom - y) / (layout.box.bottom - layout.box.top))
  for (let i = 0; i < layer.ids.length; i++) {
    const near = Math.abs(layer.lane[i]! - lane) <= 0.5
    if (near && x >= layout.px(layer.from[i]!) - 2 && x <= layout.px(layer.to[i]!) + 2) return i
  }
  return -1
}
