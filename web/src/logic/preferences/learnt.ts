import type { Utility } from '../../data/api.gen'

/** So many pairs for each parameter make an estimate that is worth a look. */
const ENOUGH = 8

/** A probability for people: "96 %", at the ends "< 1 %" and "> 99 %". */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.01) return '< 1 %'
  if (probability > 0.99 && probability < 1) return '> 99 %'
  return `${Math.round(100 * probability)} %`
}

/** What to think of an estimate from few answers; null if there are enough. */
export function fewAnswers({ pairs, lines }: Pick<Utility, 'pairs' | 'lines'>): string | null {
  const wanted = ENOUGH * lines.length
  if (pairs >= wanted) return null
  const said = pairs === 1 ? 'one comparison' : `${pairs} comparisons`
  const params = lines.length === 1 ? 'one parameter' : `${lines.length} parameters`
  return `This comes from ${said} of trials with ${params}: take it for a first guess. From about ${wanted} on it says more.`
}

/** How well answers and model fit, in a word, and why it may be. */
export function fit({ pairs, agreeing, expected }: Pick<Utility, 'pairs' | 'agreeing' | 'expected'>): string {
  const spread = Math.sqrt(Math.max(1, expected * (1 - expected / Math.max(1, pairs))))
  if (agreeing > expected + 2 * spread) return 'That is more than it expects of answers as noisy as these: it may still be too careful.'
  if (agreeing < expected - 2 * spread) return 'That is fewer than it expects: people may disagree, or have changed their minds.'
  return 'That is about what it expects of answers as noisy as these.'
}
