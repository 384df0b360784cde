import type { Curve } from '../../data/api.gen'
import { formatNumber, toNumber } from '../format'
import { category, statusStyle } from './palette'
import { count, type Line, type Scene } from './scene'
import { smooth } from './smooth'
import { trialName } from '../trials/naming'

export interface CurvesOptions {
  label: string
  log: boolean
  /** Weight of what was before, 0 to below 1. */
  smoothing: number
  best: number | null
  highlighted: ReadonlySet<number>
  /** One colour for each curve, where there are few. */
  colours: boolean
}

const FEW = 8

/** One line a trial: the best and the highlighted stand out. */
export function curvesScene(curves: readonly Curve[], options: CurvesOptions): Scene {
  const colours = options.colours && curves.length <= FEW
  const lines = curves.flatMap((curve, i) => linesOf(curve, colours ? category(i) : null, options))
  const rank = (line: Line) => Number(line.width > 1.3) + Number(line.label === 'Best trial')
  const values = lines.flatMap((line) => Array.from(line.y)).filter(Number.isFinite)
  const reach = values.length
    ? `, from ${formatNumber(values.reduce((a, b) => Math.min(a, b)))} to ${formatNumber(values.reduce((a, b) => Math.max(a, b)))}`
    : ''
  return {
    x: { label: 'Step', kind: 'linear' },
    y: { label: options.label, kind: options.log ? 'log' : 'linear' },
    layers: lines.sort((a, b) => rank(a) - rank(b)),
    notes: [],
    summary: `${options.label} by step of ${count(curves.length, 'trial')}${reach}.`,
  }
}

function linesOf(curve: Curve, own: string | null, options: CurvesOptions): Line[] {
  const raw = Float64Array.from(curve.values, toNumber)
  const { ink, word } = statusStyle(curve.status)
  const best = curve.number === options.best
  const loud = best || options.highlighted.has(curve.number)
  const quiet = options.highlighted.size > 0 && !loud
  const line: Line = {
    kind: 'line',
    x: curve.steps,
    y: options.smoothing > 0 ? smooth(raw, options.smoothing) : raw,
    ink: best ? '--chart-best' : (own ?? ink),
    width: loud ? 2.5 : 1.2,
    alpha: loud || own ? 1 : quiet ? 0.25 : 0.6,
    label: best ? 'Best trial' : own ? trialName(curve) : word,
    id: curve.number,
  }
  if (options.smoothing === 0 || !(loud || own)) return [line]
  const { id: _, ...shadow } = { ...line, y: raw, width: 1, alpha: 0.25 }
  return [shadow, line]
}
