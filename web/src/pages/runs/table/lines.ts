import type { RunGroup } from '../../../data/api.gen'
import type { Measure } from '../../../logic/runs/groups'
import type { RunCells } from './useRunRows'

/** A line of the table. Its id tells it from others, wherever it is. */
export type Line =
  | { kind: 'run'; id: string; row: RunCells }
  | { kind: 'group'; id: string; group: RunGroup; isOpen: boolean; measure: Measure }
  /** Below an open group: where all of its runs are. */
  | { kind: 'more'; id: string; group: RunGroup; path: string }

export const runLine = (row: RunCells): Line => ({ kind: 'run', id: String(row.id), row })
