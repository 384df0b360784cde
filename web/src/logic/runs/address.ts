export interface RunSort {
  key: string
  descending: boolean
}

/** The newest runs first: also the order of runs that are equal in another. */
export const NEWEST: RunSort = { key: 'id', descending: true }

export const sortText = ({ key, descending }: RunSort): string => `${descending ? '-' : ''}${key}`

/** A sort as the address has it: `-best:accuracy` begins with the largest. */
export function parseSort(text: string): RunSort {
  const key = text.replace(/^-/, '')
  return key ? { key, descending: text.startsWith('-') } : NEWEST
}

/** Ids of runs as the address has them: `3,7`. */
export const idsText = (ids: Iterable<number>): string => [...ids].join(',')

export const parseIds = (text: string): Set<number> =>
  new Set(text.split(',').filter((each) => /^\d+$/.test(each)).map(Number))

/** The path of a page of the runs of an experiment, or of all. */
export const runsPath = (experiment: number | undefined, page = ''): string =>
  [experiment === undefined ? '/runs' : `/experiments/${experiment}`, page].filter(Boolean).join('/')

export const runPath = (id: number): string => `/runs/${id}`

const keyOf = (id: number) => `runbase.runs.${id}`

/** Keep how somebody looks at the runs of an experiment, for the way back from the page of a run. */
export function remember(id: number | undefined, search: string): void {
  if (id !== undefined) sessionStorage.setItem(keyOf(id), search)
}

/** What was kept, with its question mark; else nothing. */
export function remembered(id: number): string {
  const search = (sessionStorage.getItem(keyOf(id)) ?? '').replace(/^\?/, '')
  return search && `?${search}`
}
