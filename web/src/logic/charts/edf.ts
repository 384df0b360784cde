import type { Distribution } from '../../data/api.gen'
import { category } from './palette'
import { count, type Line, type Scene } from './scene'

export interface NamedDistribution {
  name: string
  edf: Distribution
}

/** The share of trials with at most each value, one line a study. */
export function edfScene(
  distributions: readonly NamedDistribution[],
  label: string,
  log: boolean,
): Scene {
  const lines = distributions.map(({ name, edf }, i): Line => ({
    kind: 'line',
    x: edf.x,
    y: edf.y,
    ink: category(i),
    width: 1.8,
    step: true,
    ...(distributions.length > 1 ? { label: name } : {}),
    group: i,
  }))
  const total = distributions.reduce((sum, { edf }) => sum + edf.total, 0)
  return {
    x: { label, kind: log ? 'log' : 'linear' },
    y: { label: 'Share of trials', kind: 'linear', range: [0, 1] },
    layers: lines,
    notes: [],
    summary: `Distribution of ${label} of ${count(total, 'trial')}.`,
  }
}
