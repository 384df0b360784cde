import { useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { useWindowRows } from '../../components/useWindowRows'
import type { ExperimentRow } from '../../data/api.gen'
import { SORTS, parseSort, pathOf, startsDescending, toggled, type Sort } from '../../logic/experimentList'
import { useKeys } from '../../logic/keys'
import { useMedia } from '../../logic/useMedia'
import { Row } from './ExperimentRow'
import { SelectionBar } from './SelectionBar'

// As in home.css: rows of known height let thousands scroll smoothly.
const ROW = 44
const CARD = 138
const HEAD = 90

interface TableProps {
  rows: ExperimentRow[]
  /** Those that the filters leave out, too: what is selected stays selected. */
  all: readonly ExperimentRow[]
  sort: string
  setSort: (sort: string) => void
  changed: () => void
}

/** The list; on a narrow screen its rows are cards. */
export function ExperimentTable({ rows, all, sort, setSort, changed }: TableProps) {
  const [selected, setSelected] = useState<readonly number[]>([])
  const [active, setActive] = useState<number | undefined>()
  const [, navigate] = useLocation()
  const isNarrow = useMedia('(max-width: 760px)')
  const view = useWindowRows(rows.length, isNarrow ? CARD : ROW, HEAD)
  const hasTags = all.some((row) => row.tags.length > 0)
  const chosen = selected.filter((id) => all.some((row) => row.id === id))

  const place = rows.findIndex((row) => row.id === active)
  const move = (step: number) => {
    const wanted = place < 0 ? view.firstInSight() : Math.max(place + step, 0)
    const next = Math.min(wanted, rows.length - 1)
    setActive(rows[next]?.id)
    view.reveal(next)
  }
  const select = (id: number) => setSelected(toggled(chosen, id))
  const compare = () => chosen.length > 1 && navigate(`/compare-studies?ids=${chosen.join(',')}`)
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    x: () => active !== undefined && select(active),
    c: compare,
    Enter: () => rows[place] && navigate(pathOf(rows[place])),
    Escape: () => setSelected([]),
  })

  return (
    <>
      <table class={`experiments ${hasTags ? '' : 'without-tags'}`} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            <th class="check">
              <span class="visually-hidden">Select</span>
            </th>
            {COLUMNS.map((name) => (
              <Head key={name} name={name} sort={sort} setSort={setSort} />
            ))}
            <th class="actions">
              <span class="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody ref={view.box as never}>
          {view.before > 0 && <tr class="space" aria-hidden="true" style={{ height: view.before }} />}
          {rows.slice(view.first, view.last).map((row, i) => (
            <Row
              key={row.id}
              row={row}
              index={view.first + i + 2}
              others={all}
              isActive={row.id === active}
              isSelected={chosen.includes(row.id)}
              select={() => select(row.id)}
              changed={changed}
            />
          ))}
          {view.after > 0 && <tr class="space" aria-hidden="true" style={{ height: view.after }} />}
        </tbody>
      </table>
      {chosen.length > 0 && (
        <SelectionBar
          rows={all.filter((row) => chosen.includes(row.id))}
          compare={compare}
          clear={() => setSelected([])}
          changed={changed}
        />
      )}
    </>
  )
}

const COLUMNS: Sort[] = ['name', 'kind', 'trials', 'best', 'running', 'activity', 'created', 'tags']

function Head({ name, sort, setSort }: { name: Sort; sort: string; setSort: (sort: string) => void }) {
  const current = parseSort(sort)
  const isSorted = current.sort === name
  const descending = isSorted ? !current.descending : startsDescending(name)
  const order = current.descending ? 'descending' : 'ascending'
  return (
    <th class={name} aria-sort={isSorted ? order : 'none'}>
      <button type="button" onClick={() => setSort(`${descending ? '-' : ''}${name}`)}>
        {SORTS[name]}
        <span aria-hidden="true">{isSorted ? (current.descending ? ' ▼' : ' ▲') : ''}</span>
      </button>
    </th>
  )
}
