import type { Summary } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { useStudy } from '../study/context'

/** The summary of the trials that the filter lets through. */
export function useSummary(): Summary {
  const { study, filter } = useStudy()
  const { data } = useQuery(
    `summary/${study.id}/${filter}`,
    (signal) => source().summary(study.id, filter, signal),
    { live: study.id, enabled: filter !== '' },
  )
  return (filter && data) || study.summary
}
