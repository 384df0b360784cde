import { useEffect, useState } from 'preact/hooks'
import { Empty, Failed, Spinner } from '../../../components'
import { useVirtualRows } from '../../../components/useVirtualRows'
import { source } from '../../../data/source'
import { pageAsked } from '../../../logic/runs/asked'
import { keysAround } from '../../../logic/runs/columns'
import { useRuns } from '../context'
import { GridView } from './GridView'
import { runLine } from './lines'
import { HEAD, ROW } from './sizes'
import { useBest } from './useBest'
import { useInSight } from './useInSight'
import { useRunRows } from './useRunRows'
import type { Table } from './useTable'

/** All runs that the filter lets through, of which only those in sight are asked for and drawn. */
export function RunGrid({ table }: { table: Table }) {
  const { id, catalogue, filter, sort } = useRuns()
  const [count, setCount] = useState(catalogue.total)
  const virtual = useVirtualRows(count, ROW, 6, HEAD)
  const sight = useInSight(virtual.box, table.columns, table.pinned)
  const asked = { id, filter, sort, keys: keysAround(sight), count }
  const { total, rows, error, loading, reload } = useRunRows(asked, virtual.first, virtual.last)
  const best = useBest(table.columns, loading)
  useEffect(() => {
    if (total !== undefined) setCount(total)
  }, [total])
  const idsBetween = async (first: number, last: number) => {
    const known = Array.from({ length: last - first + 1 }, (_, at) => rows[first + at]?.id)
    if (known.every((run) => run !== undefined)) return known
    const page = await source().runPage({ ...pageAsked(asked), columns: ['id'], offset: first, limit: last - first + 1 })
    return page.ids
  }
  return (
    <>
      {error && <Failed error={error} retry={reload} />}
      {loading && total === undefined && (
        <div class="grid-busy">
          <Spinner />
        </div>
      )}
      <GridView
        table={table}
        virtual={virtual}
        sight={sight}
        count={count}
        list={JSON.stringify([filter, sort])}
        lineAt={(place) => (rows[place] ? runLine(rows[place]) : undefined)}
        idsBetween={idsBetween}
        best={best}
        empty={total === 0 && <Empty>No run passes the filter.</Empty>}
      />
    </>
  )
}
