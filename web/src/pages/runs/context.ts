import type { Signal } from '@preact/signals'
import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { RunCatalogue } from '../../data/api.gen'
import type { RunSort } from '../../logic/runs/address'

/** What the pages of one experiment's runs share; all of it is in the address of the page. */
export interface RunsContext {
  /** Of the experiment; undefined for the runs of all experiments. */
  id: number | undefined
  catalogue: RunCatalogue
  filter: string
  setFilter(filter: string): void
  sort: RunSort
  setSort(sort: RunSort): void
  /** Keys of the shown columns in their order, and how many of them stay at the left. */
  columns: readonly string[]
  pinned: number
  setColumns(columns: readonly string[], pinned: number): void
  /** Ids of selected runs. */
  selection: Signal<ReadonlySet<number>>
}

export const Context = createContext<RunsContext | null>(null)

export function useRuns(): RunsContext {
  const found = useContext(Context)
  if (!found) throw new Error('useRuns() belongs below a RunsFrame')
  return found
}
