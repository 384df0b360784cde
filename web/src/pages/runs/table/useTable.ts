import { useMemo, useState } from 'preact/hooks'
import { type Arranged, NARROWEST, type Shown, isLink, shownColumns } from '../../../logic/runs/columns'
import { isSummary } from '../../../logic/runs/groups'
import { useMedia } from '../../../logic/useMedia'
import { read, write } from '../../../state/store'
import { useRuns } from '../context'

export interface Table {
  columns: readonly Shown[]
  /** How many of them stay at the left. */
  pinned: number
  setWidth(key: string, width: number): void
  /** What was chosen, whether it is grouped or not. */
  arranged: Arranged
  arrange(next: Arranged): void
}

const WIDTHS = 'runbase.widths'
/** A column with means and ranges, and the one with the groups, are at least so wide. */
const OF_GROUPS = 184
const GROUPED = 220

/** The columns of the table; where it is grouped by one of them, that one and those with means come first. */
export function useTable(by = ''): Table {
  const { catalogue, columns: keys, pinned, setColumns } = useRuns()
  const [widths, setWidths] = useState<Record<string, number>>(() => parsed(read(WIDTHS)))
  const isSlim = useMedia('(max-width: 640px)')
  const known = useMemo(() => new Map(catalogue.columns.map((column) => [column.key, column])), [catalogue])
  const columns = useMemo(() => {
    if (!by) return shownColumns(known, keys, widths, isSlim)
    const isSummed = (key: string) => isSummary(known.get(key))
    const others = keys.filter((key) => key !== by)
    const summed = others.filter(isSummed)
    const wide = Object.fromEntries([[by, GROUPED], ...summed.map((key) => [key, OF_GROUPS])])
    const all = [by, ...summed, ...others.filter((key) => !isSummed(key) && !isLink(key))]
    return shownColumns(known, all, { ...wide, ...widths })
  }, [known, keys, widths, by, isSlim])
  const setWidth = (key: string, width: number) => {
    const next = { ...widths, [key]: Math.max(NARROWEST, Math.round(width)) }
    setWidths(next)
    write(WIDTHS, JSON.stringify(next))
  }
  return {
    columns,
    pinned: by ? 1 : pinned,
    setWidth,
    arranged: { keys, pinned },
    arrange: (next) => setColumns(next.keys, next.pinned),
  }
}

function parsed(text: string | null): Record<string, number> {
  try {
    return JSON.parse(text ?? '{}') as Record<string, number>
  } catch {
    return {}
  }
}
