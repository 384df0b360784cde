import type { Counts } from '../data/api.gen'

/** How a status looks: its word, its CSS class, and a letter for who cannot see the colour. */
export interface StatusLook {
  word: string
  short: string
  name: string
}

export const STATUSES = ['COMPLETED', 'RUNNING', 'PRUNED', 'FAILED', 'CANCELLED', 'PLANNED'] as const
export type Status = (typeof STATUSES)[number]

const OPTUNA: Record<Status, string> = {
  COMPLETED: 'Complete',
  RUNNING: 'Running',
  PRUNED: 'Pruned',
  FAILED: 'Fail',
  CANCELLED: 'Cancelled',
  PLANNED: 'Waiting',
}

const isStatus = (status: string): status is Status => status in OPTUNA

/** How to show a status; the word is Optuna's. */
export function lookOf(status: string): StatusLook {
  const word = isStatus(status) ? OPTUNA[status] : status
  const name = isStatus(status) && status !== 'CANCELLED' ? status.toLowerCase() : 'other'
  return { word, short: word.charAt(0).toUpperCase() || '?', name }
}

/** The statuses that trials have, with how many, in a fixed order. */
export function countsByStatus(counts: Counts): { status: string; count: number }[] {
  const known = STATUSES.map((status) => ({ status: status as string, count: counts[status] }))
  return [...known, { status: 'other', count: counts.other }].filter((c) => c.count > 0)
}
