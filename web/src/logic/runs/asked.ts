import type { RunPageAsked } from '../../data/source'
import type { RunSort } from './address'

/** The part of a table of runs that is asked for first. */
export const FIRST_PAGE = { offset: 0, limit: 100 }

interface Asked {
  id: number | undefined
  filter: string
  sort: RunSort
  keys: readonly string[]
}

/** The request for runs of the table, without the part of them. */
export const pageAsked = ({ id, filter, sort, keys }: Asked): RunPageAsked => ({
  experiment: id,
  filter,
  sort: sort.key,
  descending: sort.descending,
  columns: keys,
})
