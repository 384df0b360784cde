import type { RunColumn } from '../../data/api.gen'

/** A line of a list to pick columns from; those of one metric share a line. */
export type PickLine =
  | { kind: 'head'; text: string; count: number }
  | { kind: 'column'; column: RunColumn }
  | { kind: 'metric'; name: string; columns: { word: string; column: RunColumn }[] }

/** What an experiment is about comes before what all runs have. */
const GROUPS: Record<RunColumn['group'], string> = {
  args: 'Arguments', metrics: 'Metrics', run: 'Run', attrs: 'Attributes', env: 'Environment', extras: 'Extras',
}
const METRIC = /^(best|last|min|max|mean|n|at):(.*)$/s

/** What of a metric a column has, and the metric's name. */
export function metricOf(key: string): { word: string; name: string } | undefined {
  const found = METRIC.exec(key)
  return found ? { word: found[1]!, name: found[2]! } : undefined
}

/** The columns that have all of the words, by what they belong to. */
export function pickLines(columns: readonly RunColumn[], search: string): PickLine[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const isFound = ({ key, label }: RunColumn) => {
    const text = `${key} ${label}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }
  const found = words.length ? columns.filter(isFound) : columns
  return (Object.keys(GROUPS) as RunColumn['group'][]).flatMap((group): PickLine[] => {
    const members = found.filter((column) => column.group === group)
    const lines = group === 'metrics' ? metricLines(members) : members.map((column): PickLine => ({ kind: 'column', column }))
    return lines.length ? [{ kind: 'head', text: GROUPS[group], count: lines.length }, ...lines] : []
  })
}

function metricLines(columns: readonly RunColumn[]): PickLine[] {
  const lines = new Map<string, Extract<PickLine, { kind: 'metric' }>>()
  for (const column of columns) {
    const { word, name } = metricOf(column.key) ?? { word: column.key, name: column.label }
    const line = lines.get(name) ?? { kind: 'metric', name, columns: [] }
    line.columns.push({ word, column })
    lines.set(name, line)
  }
  return [...lines.values()]
}
