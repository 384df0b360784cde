import { splitList } from '../logic/lists'
import { NEWEST, parseSort, sortText } from '../logic/runs/address'
import { FIRST_PAGE, pageAsked } from '../logic/runs/asked'
import type { DataSource } from './source'

/** Ask for what the page at a path shows first, before its code is there. */
export function askAhead(source: DataSource, path: string, search: string): void {
  const ignore = () => undefined // the page asks again, and tells
  source.meta().catch(ignore)
  const [, place = '', id = '', page = ''] = path.split('/')
  const number = /^\d+$/.test(id) ? Number(id) : undefined
  if (place === '') source.experiments().catch(ignore)
  else if (place === 'studies' && number !== undefined) source.study(number, false).catch(ignore)
  else if (place === 'runs' && number !== undefined) source.run(number).catch(ignore)
  else if (place === 'experiments' && number !== undefined) askRuns(source, number, page, search).catch(ignore)
  else if (place === 'runs') askRuns(source, undefined, id, search).catch(ignore)
}

/** What there is of runs, and, for their table, its first rows. */
async function askRuns(source: DataSource, id: number | undefined, page: string, search: string): Promise<void> {
  const { shown } = await source.runCatalogue(id, false)
  const state = new URLSearchParams(search)
  if (page || state.has('group')) return
  const [columns, filter] = [state.get('columns'), state.get('filter') ?? '']
  const keys = columns ? splitList(columns) : shown
  await source.runPage({ ...pageAsked({ id, filter, sort: parseSort(state.get('sort') ?? sortText(NEWEST)), keys }), ...FIRST_PAGE })
}
