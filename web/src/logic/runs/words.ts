import type { RunCatalogue } from '../../data/api.gen'
import { JOINS } from '../filterWords'
import { quoted } from '../trials/filterText'

const FLAGS = ['running', 'complete', 'pruned', 'failed']
const PLAIN = /^[A-Za-z_][\w.]*$/
const SCOPE = /^(?:(args|env|extras|attrs)\.|(best|last|min|max|mean|n|at|value|tag):)/

/** The key of a column as a filter writes it: `args.lr`, `best:"val/acc"`. */
export function filterKey(key: string): string {
  const scope = SCOPE.exec(key)?.[0]
  if (!scope) return key
  const name = key.slice(scope.length)
  return PLAIN.test(name) || /^\d+$/.test(name) ? key : scope + quoted(name)
}

/** What can stand in a filter of runs: columns, tags, statuses, and what joins them. */
export function runWords({ columns, tags, statuses }: RunCatalogue): string[] {
  return [
    ...columns.map(({ key }) => filterKey(key)),
    ...tags.map(({ name }) => filterKey(`tag:${name}`)),
    ...FLAGS,
    ...statuses.map((status) => status.toLowerCase()).filter((status) => !FLAGS.includes(status)),
    ...JOINS,
  ]
}

/** A filter that these runs could have, to begin with. */
export function exampleFilter({ columns, metrics, tags }: RunCatalogue): string {
  const best = columns.find(({ key }) => key === `best:${metrics[0]}`)
  const number = columns.find(({ group, kind }) => group === 'args' && kind === 'number')
  const parts = [
    best && `${filterKey(best.key)} ${best.lower_is_better ? '< 0.1' : '> 0.9'}`,
    number && `${filterKey(number.key)} < 1`,
    tags[0] && filterKey(`tag:${tags[0].name}`),
  ]
  return `Filter: ${parts.filter(Boolean).join(' and ') || 'status = COMPLETED'}`
}
