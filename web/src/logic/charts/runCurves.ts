import type { RunBand, RunCurve, RunCurves } from '../../data/api.gen'
import { formatValue, toNumber } from '../format'
import { category } from './palette'
import type { Looks } from './runLooks'
import { count, type Axis, type Band, type Line, type Scene } from './scene'
import { smooth } from './smooth'

export type Spread = 'range' | 'std'

export interface RunCurvesOptions {
  metric: string
  /** As the server has it: `step`, `progress`, `time`, `relative`, `metric:NAME`. */
  x: string
  logX: boolean
  logY: boolean
  /** Weight of what was before, 0 to below 1. */
  smoothing: number
  looks: Looks
  /** What the ground around a mean is: from least to greatest, or a standard deviation. */
  spread: Spread
  /** The column by which runs are grouped, for people, and the values in it: each has its colour. */
  group: string
  groups: readonly unknown[]
}

const X_LABELS: Record<string, string> = {
  step: 'Step',
  progress: 'Progress',
  time: 'Time',
  relative: 'Seconds since the start',
}

/** Curves of runs over each other, or of groups of runs a mean and the ground around it. */
export function runCurvesScene(found: RunCurves, options: RunCurvesOptions): Scene {
  const layers = found.bands.length
    ? found.bands.flatMap((band) => layersOf(band, options))
    : found.curves.flatMap((curve) => linesOf(curve, options))
  const n = found.bands.length || found.curves.length
  const { bar } = options.looks
  return {
    x: xAxis(options.x, options.logX),
    y: { label: options.metric, kind: options.logY ? 'log' : 'linear' },
    layers,
    ...(bar && !found.bands.length ? { bar } : {}),
    notes: notesOf(found),
    summary: `${options.metric} of ${count(n, found.bands.length ? 'group' : 'run')}.`,
    noun: 'run',
  }
}

function xAxis(x: string, log: boolean): Axis {
  if (x === 'time') return { label: 'Time', kind: 'time' }
  return { label: X_LABELS[x] ?? x.replace('metric:', ''), kind: log ? 'log' : 'linear' }
}

function notesOf({ estimated, left_out }: RunCurves): string[] {
  return [
    ...(estimated
      ? ['Times are estimated: steps spread evenly from the start of a run to its last change. A metric of times as x is exact.']
      : []),
    ...(left_out ? [`${count(left_out, 'curve')} more ${left_out === 1 ? 'is' : 'are'} left out.`] : []),
  ]
}

function linesOf(curve: RunCurve, { looks, smoothing }: RunCurvesOptions): Line[] {
  const look = [curve.id, ...curve.runs.toReversed()].flatMap((id) => looks.byId.get(id) ?? [])[0]
  const raw = Float64Array.from(curve.y, toNumber)
  const line: Line = {
    kind: 'line',
    x: curve.x,
    y: smoothing > 0 ? smooth(raw, smoothing) : raw,
    ink: look?.ink ?? '--other',
    dash: look?.dash ?? [],
    width: 1.6,
    alpha: 0.9,
    label: look?.label ?? `Run ${curve.id}`,
    id: curve.id,
  }
  if (smoothing === 0) return [line]
  const { id: _, ...shadow } = line
  return [{ ...shadow, y: raw, width: 1, alpha: 0.22 }, line]
}

function layersOf(band: RunBand, options: RunCurvesOptions): (Line | Band)[] {
  const texts = options.groups.map((value) => JSON.stringify(value ?? null))
  const i = [...new Set(texts)].indexOf(JSON.stringify(band.value))
  const label = `${options.group} = ${band.value === null ? '(none)' : formatValue(band.value)} (${count(band.runs.length, 'run')})`
  const ink = i < 0 ? '--other' : category(i)
  const { smoothing } = options
  const shaped = (values: number[]) => (smoothing > 0 ? smooth(values, smoothing) : values)
  const by = options.spread === 'std'
  const low = by ? band.mean.map((mean, k) => mean - band.std[k]!) : band.low
  const high = by ? band.mean.map((mean, k) => mean + band.std[k]!) : band.high
  return [
    { kind: 'band', x: band.x, low: shaped(low), high: shaped(high), ink, label },
    { kind: 'line', x: band.x, y: shaped(band.mean), ink, width: 2, label, group: i },
  ]
}

/** Curves, or means of groups, with more detail between two places of the axis. */
export function withDetail(whole: RunCurves, detail: RunCurves, start: number, end: number): RunCurves {
  const finer = new Map(detail.curves.map((curve) => [curve.id, curve]))
  const means = new Map(detail.bands.map((band) => [JSON.stringify(band.value), band]))
  return {
    ...whole,
    curves: whole.curves.map((curve) => spliced(curve, finer.get(curve.id), ['x', 'y'], start, end)),
    bands: whole.bands.map((band) =>
      spliced(band, means.get(JSON.stringify(band.value)), ['x', 'mean', 'low', 'high', 'std', 'count'], start, end),
    ),
  }
}

/** With the lists of `part` in the place of what is between start and end. */
function spliced<T extends { x: number[] }>(
  whole: T,
  part: T | undefined,
  lists: readonly (keyof T)[],
  start: number,
  end: number,
): T {
  if (!part?.x.length) return whole
  const joined = (list: keyof T) => [
    ...(whole[list] as unknown[]).filter((_, i) => whole.x[i]! < start),
    ...(part[list] as unknown[]),
    ...(whole[list] as unknown[]).filter((_, i) => whole.x[i]! > end),
  ]
  return { ...whole, ...Object.fromEntries(lists.map((list) => [list, joined(list)])) }
}

export interface AtX {
  line: Line
  x: number
  y: number
}

/** The value of each line that is nearest to x, the highest first. */
export function valuesAt(scene: Scene, x: number): AtX[] {
  const found = scene.layers.flatMap((layer) => {
    if (layer.kind !== 'line' || (layer.id === undefined && layer.group === undefined)) return []
    const i = nearest(layer.x, layer.y, x, scene.x.kind === 'log')
    return i < 0 ? [] : [{ line: layer, x: layer.x[i]!, y: layer.y[i]! }]
  })
  return found.sort((a, b) => b.y - a.y)
}

/** The point nearest to x; -1 where the line ends before, or begins after it. */
function nearest(xs: ArrayLike<number>, ys: ArrayLike<number>, x: number, log: boolean): number {
  let found = -1
  let [first, last] = [Infinity, -Infinity]
  const at = log ? Math.log : (value: number) => value
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(ys[i])) continue
    first = Math.min(first, xs[i]!)
    last = Math.max(last, xs[i]!)
    if (found < 0 || Math.abs(at(xs[i]!) - at(x)) < Math.abs(at(xs[found]!) - at(x))) found = i
  }
  const room = (last - first) * 0.005
  return x >= first - room && x <= last + room ? found : -1
}
