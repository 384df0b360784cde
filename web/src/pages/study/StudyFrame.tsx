import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useCallback, useMemo } from 'preact/hooks'
import { Empty, Failed, FilterBox, Spinner } from '../../components'
import { quietFor, useQuery } from '../../data/query'
import { ApiError, source } from '../../data/source'
import { studyWords } from '../../logic/filterWords'
import { useTitle } from '../../logic/title'
import { useUrlState } from '../../logic/urlState'
import { Context } from './context'
import { StudyHead } from './StudyHead'
import { pageNames, StudyTabs } from './StudyTabs'

const OVERVIEW = ''
/** Pages of a preferential study that show trials one may choose from. */
const FILTERED = new Set(['trials', 'trialTable'])

interface FrameProps {
  id: number
  page: string
  children: ComponentChildren
}

/** What is around every page of a study, and what its pages share. */
export function StudyFrame({ id, page, children }: FrameProps) {
  const details = useMemo(() => signal(page !== OVERVIEW), [id])
  if (page !== OVERVIEW) details.value = true
  const { study, error, reload } = useWholeStudy(id, details.value)
  const [filter, setFilter] = useUrlState('filter', '')
  const selection = useMemo(() => signal<ReadonlySet<number>>(new Set()), [id])
  const check = useCallback((text: string) => mistakeOf(id, text), [id])
  const words = useMemo(() => studyWords(study), [study])
  useTitle(study && pageNames(study)[page], study?.name ?? `Study ${id}`)

  if (!study || (page !== OVERVIEW && !study.isWhole))
    return error ? <Missing error={error} reload={reload} /> : <Waiting />
  if (error instanceof ApiError && error.status === 404) return <Missing error={error} reload={reload} />
  return (
    <Context.Provider value={{ study, filter, setFilter, selection, details }}>
      <StudyHead study={study} filter={filter} />
      <div class="study-bar">
        <StudyTabs study={study} page={page} filter={filter} />
        {(!study.is_preferential || FILTERED.has(page)) && (
          <FilterBox
            value={filter}
            onChange={setFilter}
            check={check}
            words={words}
            placeholder={study.is_preferential ? 'Filter: params.x < 0.5 or running' : 'Filter: value < 0.3 and params.lr < 1e-3 or running'}
          />
        )}
      </div>
      {children}
    </Context.Provider>
  )
}

/** The study at once, and its details later, which are many times the work of the server. */
function useWholeStudy(id: number, detailed: boolean) {
  const head = useQuery(`study/${id}`, (s) => source().study(id, false, s), { live: id })
  const trials = head.data?.summary.counts.total ?? 0
  const whole = useQuery(`study/${id}/details`, (s) => source().study(id, true, s), {
    live: id,
    enabled: detailed,
    quiet: quietFor(trials),
  })
  const study = useMemo(() => {
    if (!head.data) return undefined
    const { params = [], attributes = [], metrics = [] } = whole.data ?? {}
    const has_intermediate_values = whole.data?.has_intermediate_values ?? false
    const isWhole = whole.data !== undefined
    return { ...head.data, params, attributes, metrics, has_intermediate_values, isWhole }
  }, [head.data, whole.data])
  return { study, error: head.error ?? (study?.isWhole ? undefined : whole.error), reload: head.reload }
}

/** What the server has against a filter; another trouble is not the filter's fault. */
async function mistakeOf(id: number, filter: string): Promise<string | undefined> {
  try {
    await source().summary(id, filter)
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) return error.reason
  }
  return undefined
}

function Missing({ error, reload }: { error: Error; reload: () => void }) {
  const gone = error instanceof ApiError && error.status === 404
  return gone ? <Empty>{error.message}</Empty> : <Failed error={error} retry={reload} />
}

function Waiting() {
  return (
    <div class="centred">
      <Spinner />
    </div>
  )
}
