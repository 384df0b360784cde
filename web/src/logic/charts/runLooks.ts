import type { ComparedRow, RunComparison, RunHead } from '../../data/api.gen'
import { nameOf } from '../run/naming'
import { formatValue, toNumber, type Sent } from '../format'
import { shortened } from './axis'
import { CATEGORIES, category, isWide, rampInk, type Ink } from './palette'
import { extent } from './scale'
import type { ColourBar } from './scene'

/** How a run is called and drawn in every chart of a page. */
export interface Look {
  id: number
  label: string
  ink: Ink
  dash: readonly number[]
}

export interface Looks {
  byId: ReadonlyMap<number, Look>
  bar?: ColourBar
}

const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]]
const TOLD = 3
/** With more numbers than these, colours are places of a ramp. */
const FEW = 8

/** The name of each run, with what tells runs of the same name apart. */
export function runNames(runs: readonly RunHead[]): Map<number, string> {
  const several = new Set(runs.map((run) => run.experiment_id)).size > 1
  const full = (run: RunHead) => (several ? `${run.experiment} ${nameOf(run)}` : nameOf(run))
  const counts = new Map<string, number>()
  for (const run of runs) counts.set(full(run), (counts.get(full(run)) ?? 0) + 1)
  return new Map(
    runs.map((run) => [run.id, counts.get(full(run))! > 1 ? `${full(run)} (run ${run.id})` : full(run)]),
  )
}

/** The arguments that are not the same in all of the runs. */
export function differingArgs({ rows }: Pick<RunComparison, 'rows'>): ComparedRow[] {
  return rows.filter((row) => row.group === 'args' && row.differs)
}

/** Names with arguments that differ, and colours: one a run, or by the value of a row. */
export function looksOf(comparison: RunComparison, colourBy: string): Looks {
  const { runs, rows } = comparison
  const names = runNames(runs)
  const told = differingArgs(comparison).filter((row) => row.kind !== 'document')
  const by = rows.find((row) => row.key === colourBy)
  const { inkOf, bar } = by ? inksOf(by) : { inkOf: (i: number) => category(i), bar: undefined }
  const byId = new Map(
    runs.map((run, i): [number, Look] => {
      const own = told.filter((row) => row.values[i] !== null).slice(0, TOLD)
      const args = own.map((row) => `${row.label}=${shortened(formatValue(row.values[i], 3), 24)}`)
      const label = [names.get(run.id)!, ...args].join(' ')
      const dash = by ? [] : DASHES[Math.floor(i / CATEGORIES.length) % DASHES.length]!
      return [run.id, { id: run.id, label, ink: inkOf(i), dash }]
    }),
  )
  return bar ? { byId, bar } : { byId }
}

function inksOf(row: ComparedRow): { inkOf: (i: number) => Ink; bar?: ColourBar } {
  const texts = row.values.map((value) => JSON.stringify(value))
  const distinct = [...new Set(texts)]
  if (row.kind === 'number' && distinct.length > FEW) {
    const numbers = row.values.map((value) => toNumber(value as Sent))
    const [low, high] = extent([numbers]) ?? [0, 1]
    const log = isWide(low, high)
    const at = log ? Math.log : (value: number) => value
    const place = (i: number) => (at(numbers[i]!) - at(low)) / (at(high) - at(low) || 1)
    return {
      inkOf: (i) => (Number.isFinite(numbers[i]) ? rampInk('values', place(i)) : '--other'),
      bar: { ramp: 'values', label: log ? `${row.label} (log)` : row.label, low, high },
    }
  }
  return { inkOf: (i) => category(distinct.indexOf(texts[i]!)) }
}
