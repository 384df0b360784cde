import type { ComponentChildren } from 'preact'
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useSearch } from 'wouter-preact/use-browser-location'
import { Empty, Failed, FilterBox } from '../../components'
import { quietFor, useQuery } from '../../data/query'
import { ApiError, source } from '../../data/source'
import { NEWEST, type RunSort, parseSort, remember, sortText } from '../../logic/runs/address'
import { exampleFilter, runWords } from '../../logic/runs/words'
import { usualPins } from '../../logic/runs/columns'
import { useTitle } from '../../logic/title'
import { joinList, splitList } from '../../logic/lists'
import { useUrlState } from '../../logic/urlState'
import { Context } from './context'
import { RunsHead } from './RunsHead'
import { PAGE_NAMES, RunsTabs } from './RunsTabs'
import { useSelection } from './useSelection'
import { ViewsMenu } from './ViewsMenu'
import './runs.css'

/** Names of columns change seldom, and are many. */
const CALM = 2000
/** Milliseconds for which the first rows have the server to themselves. */
const LATER = 1500

interface FrameProps {
  /** Of the experiment; undefined for the runs of all. */
  id: number | undefined
  page: string
  children: ComponentChildren
}

/** What is around every page of the runs of an experiment, and what its pages share. */
export function RunsFrame({ id, page, children }: FrameProps) {
  const { catalogue, error, reload } = useCatalogue(id)
  const [filter, setFilter] = useUrlState('filter', '')
  const [sortState, setSortState] = useUrlState('sort', sortText(NEWEST))
  const [columnsState, setColumnsState] = useUrlState('columns', '')
  const [pinnedState, setPinnedState] = useUrlState('pinned', '')
  const selection = useSelection()
  const search = useSearch()
  useEffect(() => remember(id, search), [id, search])
  const words = useMemo(() => (catalogue ? runWords(catalogue) : []), [catalogue])
  const check = useCallback((text: string) => mistakeOf(id, text, sortState), [id, sortState])
  const sort = useMemo(() => parseSort(sortState), [sortState])
  const name = catalogue?.experiment ?? (id === undefined ? 'All runs' : `Experiment ${id}`)
  useTitle(PAGE_NAMES[page], name)

  const shown = catalogue?.shown
  const columns = useMemo(() => (columnsState ? splitList(columnsState) : (shown ?? [])), [columnsState, shown?.join()])
  const pinned = pinnedState === '' ? usualPins(columns) : Math.max(0, Number(pinnedState) || 0)
  const setColumns = (next: readonly string[], pins: number) => {
    setColumnsState(next.join() === shown?.join() ? '' : joinList(next))
    setPinnedState(pins === usualPins(next) ? '' : String(pins))
  }
  const setSort = useCallback((next: RunSort) => setSortState(sortText(next)), [])

  if (error instanceof ApiError && error.status === 404) return <Empty>{error.message}</Empty>
  if (!catalogue) return error ? <Failed error={error} retry={reload} /> : <Waiting name={name} />
  const context = { id, catalogue, filter, setFilter, sort, setSort, columns, pinned, setColumns, selection }
  return (
    <Context.Provider value={context}>
      <RunsHead quiet={quietFor(catalogue.total)} />
      <div class="study-bar runs-bar">
        <RunsTabs id={id} page={page} />
        <FilterBox
          value={filter}
          onChange={setFilter}
          check={check}
          words={words}
          label="Filter runs"
          placeholder={exampleFilter(catalogue)}
        />
        <ViewsMenu id={id} page={page} />
      </div>
      {children}
    </Context.Provider>
  )
}

/** What the newest runs have at once, and what all have when the first rows are there. */
function useCatalogue(id: number | undefined) {
  const followed = id ?? 'all'
  const total = useRef(0)
  const newest = useQuery(`runs/${followed}/newest`, (s) => source().runCatalogue(id, false, s))
  const [isLater, setLater] = useState(false)
  useEffect(() => {
    if (!newest.data || newest.data.is_complete) return undefined
    const timer = setTimeout(() => setLater(true), LATER)
    return () => clearTimeout(timer)
  }, [newest.data === undefined])
  const whole = useQuery(`runs/${followed}/catalogue`, (s) => source().runCatalogue(id, true, s), {
    live: followed,
    enabled: isLater || newest.data?.is_complete === true,
    quiet: Math.max(CALM, quietFor(total.current)),
  })
  const catalogue = whole.data ?? newest.data
  total.current = catalogue?.total ?? 0
  return { catalogue, error: newest.error ?? whole.error, reload: newest.reload }
}

/** What the server has against a filter; another trouble is not the filter's fault. */
async function mistakeOf(id: number | undefined, filter: string, sort: string): Promise<string | undefined> {
  const { key, descending } = parseSort(sort)
  try {
    await source().runPage({ experiment: id, filter, sort: key, descending, columns: ['id'], limit: 1 })
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return error.reason
  }
  return undefined
}

/** The page before its first answer, in its shape. */
function Waiting({ name }: { name: string }) {
  return (
    <div class="runs-waiting" role="status" aria-label="Loading">
      <h1 class="muted">{name}</h1>
      <span class="skeleton bar" />
      <span class="skeleton table" />
    </div>
  )
}
