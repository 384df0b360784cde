import { useMemo } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import type { Columns } from '../../data/api.gen'
import { Table } from '../../logic/charts/table'
import { useStudy } from '../study/context'

/** What charts do with trials: open one, choose some. */
export function useTrialActions() {
  const { study, filter, selection } = useStudy()
  const [, go] = useLocation()
  const query = filter ? `&filter=${encodeURIComponent(filter)}` : ''
  return {
    open: (number: number) => go(`/studies/${study.id}/trials?numbers=${number}${query}`),
    select: (numbers: number[]) => {
      selection.value = new Set(numbers)
    },
    selected: selection.value,
  }
}

export function useTable(columns: Columns | undefined): Table | null {
  return useMemo(() => (columns ? new Table(columns) : null), [columns])
}
