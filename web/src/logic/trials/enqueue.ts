import type { Parameter } from '../../data/api.gen'
import { isNumber } from './form'

/** What people typed, by name of the parameter; of a categorical one the place of the choice. Empty: left to the sampler. */
export type Typed = Record<string, string>

export interface Checked {
  params: Record<string, unknown>
  problems: Record<string, string>
}

export function checkParams(parameters: Parameter[], typed: Typed): Checked {
  const checked: Checked = { params: {}, problems: {} }
  for (const parameter of parameters) {
    const text = (typed[parameter.name] ?? '').trim()
    if (text === '') continue
    const problem = problemOf(parameter, text)
    if (problem) checked.problems[parameter.name] = problem
    else checked.params[parameter.name] = valueOf(parameter, text)
  }
  return checked
}

/** The bounds in words, for the hint beside a field. */
export function boundsOf(parameter: Parameter): string {
  if (parameter.kind === 'categorical') return `${parameter.choices.length} choices`
  if (parameter.low === null || parameter.high === null) return parameter.kind === 'other' ? 'JSON or text' : 'a number'
  const facts = [`${parameter.low} to ${parameter.high}`, parameter.kind === 'int' ? 'whole' : '', parameter.log ? 'log' : '']
  if (parameter.step !== null && parameter.step !== 1) facts.push(`step ${parameter.step}`)
  return facts.filter(Boolean).join(', ')
}

/** What to type to get the parameters of a trial. */
export function typedOf(parameters: Parameter[], params: Record<string, unknown>): Typed {
  const known = parameters.filter((parameter) => params[parameter.name] !== undefined)
  return Object.fromEntries(known.map((parameter) => [parameter.name, textOf(parameter, params[parameter.name])]))
}

function textOf(parameter: Parameter, value: unknown): string {
  if (parameter.kind !== 'categorical') return typeof value === 'string' ? value : JSON.stringify(value)
  const place = parameter.choices.findIndex((choice) => same(choiceValue(choice.label, choice.type), value))
  return place < 0 ? '' : String(place)
}

function problemOf(parameter: Parameter, text: string): string | undefined {
  if (parameter.kind === 'categorical' || parameter.kind === 'other') return undefined
  if (!isNumber(text)) return 'Enter a number.'
  const value = Number(text)
  if (parameter.kind === 'int' && !Number.isInteger(value)) return 'Enter a whole number.'
  const { low, high } = parameter
  if (low !== null && high !== null && (value < low || value > high)) return `Between ${low} and ${high}, please.`
  return parameter.step === null || low === null || isOnGrid(value, low, parameter.step)
    ? undefined
    : `In steps of ${parameter.step} from ${low}, please.`
}

function isOnGrid(value: number, low: number, step: number): boolean {
  const steps = (value - low) / step
  return Math.abs(steps - Math.round(steps)) < 1e-8
}

function valueOf(parameter: Parameter, text: string): unknown {
  if (parameter.kind === 'categorical') {
    const choice = parameter.choices[Number(text)]
    return choice && choiceValue(choice.label, choice.type)
  }
  return parameter.kind === 'other' ? jsonOrText(text) : Number(text)
}

/** A choice as JSON: labels are how Python writes it. */
export function choiceValue(label: string, type: string): unknown {
  if (/^(bool|boolean)$/.test(type)) return label.toLowerCase() === 'true'
  if (/^(int|integer|float|number)$/.test(type)) return Number(label)
  if (/^(null|none|NoneType)$/i.test(type)) return null
  return /^(str|string)$/.test(type) ? label : jsonOrText(label)
}

export function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
