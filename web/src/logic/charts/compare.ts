import type { Study } from '../../data/api.gen'
import { historyScene, type HistoryOptions } from './history'
import { category, type Shape } from './palette'
import type { Layer, Scene } from './scene'
import type { Table } from './table'

export interface NamedTable {
  name: string
  table: Table
}

const SHAPES: readonly Shape[] = ['circle', 'diamond', 'triangle', 'square', 'ring', 'cross']

/** The histories of at least one study over each other: a colour and a shape a study. */
export function comparedHistory(
  studies: readonly NamedTable[],
  options: Omit<HistoryOptions, 'size'>,
): Scene {
  const scenes = studies.map(({ table }) => historyScene(table, { ...options, size: 2.5 }))
  const layers = scenes.flatMap((scene, i) =>
    scene.layers.map((layer) => recoloured(layer, i, studies[i]!.name)),
  )
  const points = layers.filter((layer) => layer.kind === 'points')
  return {
    ...scenes[0]!,
    layers: [...points, ...layers.filter((layer) => layer.kind === 'line')],
    notes: scenes.flatMap((scene, i) => scene.notes.map((note) => `${studies[i]!.name}: ${note}`)),
    summary: `${options.label} of ${studies.map((study) => study.name).join(', ')}.`,
  }
}

function recoloured(layer: Layer, i: number, name: string): Layer {
  const ink = category(i)
  if (layer.kind === 'line') return { ...layer, ink, label: name, group: i }
  if (layer.kind !== 'points') return layer
  const shape = SHAPES[i % SHAPES.length]!
  const styles = layer.styles.map(() => ({ ink, shape, label: name, alpha: 0.45 }))
  return { ...layer, styles, of: name, group: i }
}

type Comparable = Pick<Study, 'name' | 'directions'>

/** Why studies cannot be drawn over each other, or null. */
export function incomparable(studies: readonly Comparable[]): string | null {
  const [first, ...others] = studies
  if (!first) return 'Choose studies to compare in the list of studies.'
  if (studies.some((study) => study.directions.length === 0)) {
    const which = studies.find((study) => study.directions.length === 0)!
    return `${which.name} has no objectives: only studies with objectives can be compared here.`
  }
  for (const other of others) {
    if (other.directions.length !== first.directions.length)
      return `${first.name} has ${objectives(first)} and ${other.name} has ${objectives(other)}: only studies with as many objectives can be compared.`
    const k = other.directions.findIndex((direction, i) => direction !== first.directions[i])
    if (k >= 0)
      return `${first.name} wants to ${first.directions[k]} and ${other.name} to ${other.directions[k]} objective ${k}: only studies with the same directions can be compared.`
  }
  return null
}

const objectives = ({ directions: { length } }: Comparable) =>
  `${length} objective${length === 1 ? '' : 's'}`
