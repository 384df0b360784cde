import { useLayoutEffect, useMemo, useState } from 'preact/hooks'
import { Empty, Failed, Spinner } from '../../../components'
import { useVirtualRows } from '../../../components/useVirtualRows'
import type { RunGroup } from '../../../data/api.gen'
import { quietFor, useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { runsPath } from '../../../logic/runs/address'
import { pageAsked } from '../../../logic/runs/asked'
import { withClause } from '../../../logic/runs/cells'
import { keysAround } from '../../../logic/runs/columns'
import { type Measure, sortedGroups } from '../../../logic/runs/groups'
import { useUrlList, withParameter } from '../../../logic/urlState'
import { useRuns } from '../context'
import { GridView } from './GridView'
import { type Line, runLine } from './lines'
import { HEAD, ROW } from './sizes'
import { useBest } from './useBest'
import { idOf, useGroups } from './useGroups'
import { useInSight } from './useInSight'
import { type RunCells, rowsOf } from './useRunRows'
import type { Table } from './useTable'

/** So many runs of a group are shown below it. */
const LISTED = 10

interface GroupGridProps {
  table: Table
  /** The column by which runs are grouped. */
  by: string
  measure: Measure
}

/** Runs in groups: each opens, and then its first runs are below it. */
export function GroupGrid({ table, by, measure }: GroupGridProps) {
  const { id, catalogue, filter, sort } = useRuns()
  const [open, setOpen] = useUrlList('open')
  const followed = id ?? 'all'
  const quiet = quietFor(catalogue.total)
  const [count, setCount] = useState(0)
  const virtual = useVirtualRows(count, ROW, 10, HEAD)
  const sight = useInSight(virtual.box, table.columns, table.pinned)
  const { data, error, loading, reload } = useGroups(by, [...sight.visible, ...table.columns.filter(({ key }) => key === sort.key)], quiet)
  const groups = useMemo(() => sortedGroups(data?.groups ?? [], sort, by, measure, table.columns), [data, sort, by, measure, table.columns])
  const opened = groups.filter((group) => open.includes(idOf(group)))
  const keys = [...new Set(['name', ...keysAround(sight)])]
  const runs = useQuery(
    `runs/${followed}/open/${JSON.stringify([filter, sort, keys, opened.map(idOf)])}`,
    async (s) => {
      const load = async (group: RunGroup) => {
        const asked = pageAsked({ id, filter: withClause(filter, group.filter), sort, keys })
        return [idOf(group), rowsOf(await source().runPage({ ...asked, limit: LISTED }, s))] as const
      }
      return new Map(await Promise.all(opened.map(load)))
    },
    { live: followed, enabled: opened.length > 0, quiet },
  )
  const lines = groups.flatMap((group) => linesOf(group, measure, open.includes(idOf(group)), runs.data?.get(idOf(group)), groupPath(id, filter, group)))
  useLayoutEffect(() => setCount(lines.length), [lines.length])
  const best = useBest(table.columns, loading)
  const toggle = ({ id: name }: Line) => setOpen(open.includes(name) ? open.filter((each) => each !== name) : [...open, name])
  const idsBetween = (first: number, last: number) =>
    Promise.resolve(lines.slice(first, last + 1).flatMap((line) => (line.kind === 'run' ? line.row.id : [])))
  return (
    <>
      {error && <Failed error={error} retry={reload} />}
      {loading && (
        <div class="grid-busy">
          <Spinner />
        </div>
      )}
      <GridView
        table={table}
        virtual={virtual}
        sight={sight}
        count={lines.length}
        list={JSON.stringify([filter, by])}
        lineAt={(place) => lines[place]}
        idsBetween={idsBetween}
        best={best}
        lead={by}
        onGroup={toggle}
        empty={data && !groups.length && <Empty>No run passes the filter.</Empty>}
      />
      {data && data.left_out > 0 && <p class="grid-foot muted">{data.left_out} smaller groups are left out.</p>}
    </>
  )
}

function linesOf(group: RunGroup, measure: Measure, isOpen: boolean, runs: RunCells[] | undefined, path: string): Line[] {
  const id = idOf(group)
  const lines: Line[] = [{ kind: 'group', id, group, isOpen, measure }]
  if (!isOpen || !runs) return lines
  lines.push(...runs.map((row) => ({ ...runLine(row), id: `${id} ${row.id}` })))
  if (group.count > runs.length) lines.push({ kind: 'more', id: `${id} more`, group, path })
  return lines
}

/** The page of the runs of one group: the same, with its filter, not grouped. */
function groupPath(id: number | undefined, filter: string, group: RunGroup): string {
  const flat = ['group', 'open'].reduce((search, name) => withParameter(search, name, '', ''), window.location.search)
  return runsPath(id) + withParameter(flat, 'filter', withClause(filter, group.filter), '')
}
