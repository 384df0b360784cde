import { extent, makeScale, padded, type Range, type Scale } from '../logic/charts/scale'
import type { Axis, Layer, Scene } from '../logic/charts/scene'
import { shortened } from '../logic/charts/axis'

export interface Box {
  left: number
  top: number
  right: number
  bottom: number
}

/** The part of the plane that the reader zoomed to; null is all of it. */
export interface View {
  x: Range | null
  y: Range | null
}

export const WHOLE: View = { x: null, y: null }

/** A scene with a place on the screen. */
export interface Layout {
  scene: Scene
  width: number
  height: number
  box: Box
  x: Scale
  y: Scale
  px(value: number): number
  py(value: number): number
}

const BAR_WIDTH = 74

export function layoutOf(scene: Scene, view: View, width: number, height: number, top = 8): Layout {
  const x = scaleOf(scene.x, scene.layers, 'x', view.x)
  const y = scaleOf(scene.y, scene.layers, 'y', view.y)
  const labels = y.ticks(Math.max(2, height / 48)).map((tick) => shortened(tick.label, 18).length)
  const left = 30 + Math.min(130, Math.max(...labels, 2) * 6.6)
  const box: Box = { left, top, right: width - (scene.bar ? BAR_WIDTH : 14), bottom: height - 42 }
  return {
    scene, width, height, box, x, y,
    px: (value) => box.left + x.at(value) * (box.right - box.left),
    py: (value) => box.bottom - y.at(value) * (box.bottom - box.top),
  } // prettier-ignore
}

function scaleOf(axis: Axis, layers: readonly Layer[], name: 'x' | 'y', zoom: Range | null): Scale {
  if (zoom) return makeScale(axis.kind, zoom, axis.labels)
  const heat = layers.find((layer) => layer.kind === 'heat')
  if (axis.range && (heat || axis.kind !== 'category'))
    return makeScale(
      axis.kind,
      heat ? padded(axis.kind, axis.range, 0.5 / heat[name].length) : axis.range,
      axis.labels,
    )
  const lists = layers.flatMap((layer) => valuesOf(layer, name))
  const range = axis.range ?? extent(lists, axis.kind === 'log')
  const bars = name === 'y' && layers.some((layer) => layer.kind === 'bars')
  return makeScale(
    axis.kind,
    bars && range ? [range[0] - 0.7, range[1] + 0.7] : padded(axis.kind, range),
    axis.labels,
  )
}

function valuesOf(layer: Layer, name: 'x' | 'y'): ArrayLike<number>[] {
  if (layer.kind === 'bars') return name === 'x' ? [layer.from, layer.to] : [layer.lane]
  if (layer.kind === 'whiskers') return name === 'x' ? [] : [layer.low, layer.high]
  if (layer.kind === 'band') return name === 'x' ? [layer.x] : [layer.low, layer.high]
  return [layer[name]]
}
