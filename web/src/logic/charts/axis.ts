import type { Parameter, Study } from '../../data/api.gen'
import type { Axis } from './scene'

/** Something of trials that can be drawn: the name of its column, and how its axis looks. */
export interface Dimension {
  column: string
  label: string
  log: boolean
  labels: string[] | null
  integer: boolean
  /** Whether every finished trial has it. */
  inAll: boolean
  /** Whether its numbers are times. */
  time?: boolean
}

/** The columns that tell which trial it is: an arm of a batch trial has a number and a trial. */
export function idColumns(...studies: Pick<Study, 'kind'>[]): string[] {
  return studies.some(({ kind }) => kind === 'ax') ? ['number', 'trial'] : ['number']
}

export function paramDimension(param: Parameter): Dimension {
  const categorical = param.kind === 'categorical' || param.kind === 'other'
  return {
    column: `param:${param.name}`,
    label: param.name,
    log: param.log,
    labels: categorical ? param.choices.map((choice) => choice.label) : null,
    integer: param.kind === 'int',
    inAll: param.in_all,
  }
}

export function objectiveDimensions(
  study: Pick<Study, 'directions' | 'objective_names'>,
): Dimension[] {
  return study.directions.map((_, i) => ({
    ...PLAIN,
    column: `value:${i}`,
    label: objectiveName(study, i),
  }))
}

const PLAIN = { log: false, labels: null, integer: false, inAll: true }

/** An objective's own name; "Objective value" for the only one without. */
export function objectiveName(
  study: Pick<Study, 'directions' | 'objective_names'>,
  i: number,
): string {
  const name = study.objective_names[i]
  if (study.directions.length === 1 && (!name || name === 'Objective 0')) return 'Objective value'
  return name ?? `Objective ${i}`
}

export function attrDimensions(study: Pick<Study, 'attributes'>): Dimension[] {
  return study.attributes
    .filter((attr) => attr.numeric)
    .map((attr) => ({ ...PLAIN, column: `attr:${attr.key}`, label: attr.key, inAll: false }))
}

/** Objectives and numeric user attributes: what can be on a y axis. */
export function targets(
  study: Pick<Study, 'directions' | 'objective_names' | 'attributes'>,
): Dimension[] {
  return [...objectiveDimensions(study), ...attrDimensions(study)]
}

export function axisOf(dimension: Dimension, log = dimension.log): Axis {
  if (dimension.labels) {
    const labels = dimension.labels
    return {
      label: dimension.label,
      kind: 'category',
      labels,
      range: [0, Math.max(0, labels.length - 1)],
    }
  }
  if (dimension.time) return { label: dimension.label, kind: 'time' }
  return { label: dimension.label, kind: log ? 'log' : dimension.integer ? 'integer' : 'linear' }
}

/** The place of an objective in the name of its column, or null for anything else. */
export function objectiveOf(column: string): number | null {
  return column.startsWith('value:') ? Number(column.slice('value:'.length)) : null
}

/** A long name with its middle left out. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  const tail = Math.floor((most - 1) / 3)
  return `${text.slice(0, most - 1 - tail)}…${tail ? text.slice(-tail) : ''}`
}
