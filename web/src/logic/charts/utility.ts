import type { UtilityAxis, UtilityLine, UtilitySurface, UtilityTrial } from '../../data/api.gen'
import { axisOf, type Dimension } from './axis'
import { extent } from './scale'
import { count, type Axis, type Layer, type Points, type Scene } from './scene'
import { jittered } from './slice'

/** So many standard deviations to both sides hold 95 %. */
const WIDE = 1.96
const INK = '--category-0'
const UTILITY = 'Estimated utility'
const WITHIN = '95 % interval'
const BEST = 'Probably the best'
/** A red that is seen on all that the heat map is drawn with, in both themes. */
const ON_HEAT = '#e0301e'

/** The number of the trial with the highest mean. */
export function bestOf(trials: readonly UtilityTrial[]): number | undefined {
  return trials.reduce<UtilityTrial | undefined>((best, one) => (best && best.mean >= one.mean ? best : one), undefined)?.number
}

/** The estimate over one parameter, and the trials that it comes from. */
export function lineScene(line: UtilityLine, trials: readonly UtilityTrial[]): Scene {
  const { axis } = line
  const best = bestOf(trials)
  const points = trialPoints(trials, placesOn(axis), trials.map(({ mean }) => mean))
  return {
    x: axisOf(dimensionOf(axis)),
    y: { label: UTILITY, kind: 'linear' },
    layers: [...(axis.labels ? choices(line) : curve(line)), points],
    notes: [
      `All other parameters as in trial ${best}. A dot off the estimate is a trial in which they are different.`,
    ],
    summary: `${UTILITY} over ${axis.param}, and ${count(trials.length, 'compared trial')}.`,
  }
}

function curve({ x, mean, std }: UtilityLine): Layer[] {
  return [
    { kind: 'band', x, ...around(mean, std), ink: INK, label: WITHIN },
    { kind: 'line', x, y: mean, ink: INK, width: 2, label: 'Mean', group: 0 },
  ]
}

/** Choices have no order: a mark for each, and where the true value may be. */
function choices({ x, mean, std }: UtilityLine): Layer[] {
  const ids = x.map(() => NaN)
  return [
    { kind: 'whiskers', x, ...around(mean, std), ids, ink: INK, label: WITHIN },
    {
      kind: 'points', x, y: mean, ids, size: 6,
      style: x.map(() => 0), styles: [{ ink: INK, shape: 'diamond', label: 'Mean' }],
    },
  ] // prettier-ignore
}

function around(mean: readonly number[], std: readonly number[]) {
  return {
    low: mean.map((m, i) => m - WIDE * std[i]!),
    high: mean.map((m, i) => m + WIDE * std[i]!),
  }
}

/** Which of both is drawn over two parameters. */
export type Shown = 'mean' | 'std'

/** The estimate over two parameters as a heat map; what is liked more is brighter. */
export function surfaceScene(
  surface: UtilitySurface,
  [x, y]: readonly [UtilityAxis, UtilityAxis],
  trials: readonly UtilityTrial[],
  shown: Shown,
  withTrials: boolean,
): Scene {
  const z = surface[shown]
  const [low, high] = extent(z) ?? [0, 1]
  const label = shown === 'mean' ? UTILITY : 'Standard deviation'
  const points = withTrials ? [trialPoints(trials, placesOn(x), placesOn(y))] : []
  return {
    x: axisFor(x, surface.x),
    y: axisFor(y, surface.y),
    layers: [{ kind: 'heat', x: surface.x, y: surface.y, z, low, high, ramp: 'liked' }, ...points.map(onHeat)],
    bar: { ramp: 'liked', label, low, high, ...ends(low, high) },
    notes: [`All other parameters as in trial ${bestOf(trials)}.`],
    summary: `${label} over ${x.param} and ${y.param}${withTrials ? `, and ${count(trials.length, 'compared trial')}` : ''}.`,
  }
}

/** The ends of a scale, rounded at the same digit: the third of the larger one. */
function ends(low: number, high: number) {
  const size = Math.max(Math.abs(low), Math.abs(high))
  const digits = size > 0 ? Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size)))) : 0
  return { lowLabel: low.toFixed(digits), highLabel: high.toFixed(digits) }
}

function trialPoints(trials: readonly UtilityTrial[], x: ArrayLike<number>, y: ArrayLike<number>): Points {
  const best = bestOf(trials)
  const many = trials.length > 300
  return {
    kind: 'points',
    x,
    y,
    ids: trials.map(({ number }) => number),
    style: trials.map(({ number }) => Number(number === best)),
    styles: [
      { ink: '--muted', shape: 'circle', label: 'Compared trials', alpha: many ? 0.4 : 0.7 },
      { ink: '--chart-best', shape: 'triangle', label: BEST },
    ],
    size: 3,
    sizes: trials.map(({ number }) => (number === best ? 6 : many ? 2 : 3)),
  }
}

function onHeat(points: Points): Points {
  const [, best] = points.styles
  return { ...points, styles: [{ ink: '--chart-on-heat', shape: 'circle', alpha: 0.8 }, { ...best!, ink: ON_HEAT }] }
}

function placesOn({ labels, trials }: UtilityAxis): Float64Array {
  return jittered(Float64Array.from(trials), labels)
}

function axisFor(axis: UtilityAxis, values: readonly number[]): Axis {
  const found = axisOf(dimensionOf(axis))
  return axis.labels ? found : { ...found, range: [values[0]!, values.at(-1)!] }
}

function dimensionOf({ param, labels, log, integer }: UtilityAxis): Dimension {
  return { column: `param:${param}`, label: param, log, labels, integer, inAll: true }
}
