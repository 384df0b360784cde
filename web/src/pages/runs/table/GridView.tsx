import type { ComponentChildren } from 'preact'
import { useCallback, useState } from 'preact/hooks'
import { useLocation, useRouter } from 'wouter-preact'
import { toast, toastError } from '../../../components'
import { ContextMenu, type ContextMenuProps } from '../../../components/ContextMenu'
import { useRowKeys } from '../../../components/useRowKeys'
import type { VirtualRows } from '../../../components/useVirtualRows'
import { NEWEST, runPath, runsPath } from '../../../logic/runs/address'
import { type InSight, type Shown, moved, nextSort, placed } from '../../../logic/runs/columns'
import { useUrlState } from '../../../logic/urlState'
import { useRuns } from '../context'
import { GroupRow, MoreRow } from './GroupRow'
import { Heads } from './Heads'
import type { Line } from './lines'
import { cellItems, headItems } from './menus'
import { RunRow } from './RunRow'
import { CHECK } from './sizes'
import { useSteady } from './useSteady'
import type { Table } from './useTable'

/** So many runs are selected in one go at the most. */
const MOST = 1000
const ALL = 100

interface GridViewProps {
  table: Table
  virtual: VirtualRows
  sight: InSight
  count: number
  /** What tells this list from one in another order. */
  list: string
  lineAt(place: number): Line | undefined
  /** Ids of the runs from one place to another. */
  idsBetween(first: number, last: number): Promise<number[]>
  best: ReadonlyMap<string, unknown>
  /** The column in which runs have their names, instead of what they have for it. */
  lead?: string
  /** Open or close a group. */
  onGroup?(line: Line): void
  /** What is below the heads where there are no lines. */
  empty?: ComponentChildren
}

/** The table: heads, the lines in sight, and what keys and clicks do to them. */
export function GridView(props: GridViewProps) {
  const { table, virtual, sight, count, list, lineAt, idsBetween, best, lead, onGroup, empty } = props
  const { id, filter, setFilter, sort, setSort, selection } = useRuns()
  const [current, setCurrent] = useState(-1)
  const [cell, setCell] = useState<string | undefined>()
  const [menu, setMenu] = useState<ContextMenuProps | undefined>()
  const [, setGroup] = useUrlState('group', '')
  const [, navigate] = useLocation()
  const { base } = useRouter()
  const href = useCallback((run: number) => base + runPath(run), [base])
  const chosen = selection.value
  useSteady(virtual.box, list, count, (place) => lineAt(place)?.id, (by) => setCurrent((place) => (place < 0 ? place : place + by)))

  const go = (place: number) => {
    if (!count) return
    setCurrent(place)
    virtual.scrollTo(place)
  }
  const choose = (ids: readonly number[], on: boolean) => {
    const next = new Set(selection.value)
    for (const each of ids) on ? next.add(each) : next.delete(each)
    selection.value = next
  }
  const select = async (place: number, isRange: boolean) => {
    const line = lineAt(place)
    if (line?.kind !== 'run') return
    setCurrent(place)
    const on = !chosen.has(line.row.id)
    if (!isRange || current < 0) return choose([line.row.id], on)
    const [first, last] = [Math.min(current, place), Math.max(current, place)]
    if (last - first >= MOST) return toast(`At most ${MOST} runs are selected in one go`, 'error')
    await idsBetween(first, last).then((ids) => choose(ids, on), toastError)
  }
  const selectAll = () => {
    if (chosen.size) selection.value = new Set()
    else void idsBetween(0, Math.min(count, ALL) - 1).then((ids) => choose(ids, true), toastError)
  }
  const open = (place: number) => {
    const line = lineAt(place)
    if (line?.kind === 'run') navigate(runPath(line.row.id))
    else if (line?.kind === 'group') onGroup?.(line)
    else if (line) navigate(line.path)
  }
  const turn = (by: number) => {
    const at = table.columns.findIndex(({ key }) => key === cell)
    const next = table.columns[Math.max(0, Math.min(at + by, table.columns.length - 1))]
    if (!next) return
    setCell(next.key)
    reveal(virtual.box.current, sight, next)
  }
  const onRows = useRowKeys(current, count, go, {
    x: () => void select(current, false),
    X: () => void select(current, true),
    c: () => chosen.size && navigate(runsPath(id, 'compare') + window.location.search),
    Enter: () => open(current),
    Escape: () => (selection.value = new Set()),
  })
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.target === event.currentTarget ? { ArrowLeft: -1, ArrowRight: 1 }[event.key] : undefined
    if (!by) return onRows(event)
    event.preventDefault()
    turn(by)
  }
  const onClick = (event: MouseEvent) => {
    const target = event.target as Element
    const place = placeOf(target)
    if (place === undefined) return
    if (target.matches('input')) return void select(place, event.shiftKey)
    if (target.closest('label, button')) return
    const link = target.closest('a')
    if (link && (event.ctrlKey || event.metaKey || event.shiftKey)) return
    if (!link && window.getSelection()?.toString()) return
    event.preventDefault()
    setCurrent(place)
    if (link) navigate(link.getAttribute('href')!.slice(base.length))
    else open(place)
  }
  const onContextMenu = (event: MouseEvent) => {
    const target = event.target as Element
    const isByKey = target === event.currentTarget
    const place = isByKey ? current : placeOf(target)
    const key = isByKey ? cell : target.closest<HTMLElement>('[data-key]')?.dataset.key
    const line = place === undefined ? undefined : lineAt(place)
    const column = table.columns.find((each) => each.key === key)
    if (target.closest('a') || !column || line?.kind !== 'run') return
    event.preventDefault()
    const at = virtual.box.current?.querySelector(`[data-place="${place}"] [data-key="${CSS.escape(column.key)}"]`)?.getBoundingClientRect()
    const [x, y] = isByKey ? [at?.left ?? 0, at?.bottom ?? 0] : [event.clientX, event.clientY]
    setCurrent(place!)
    setMenu({ label: column.label, x, y, onClose: () => setMenu(undefined), items: cellItems(column, line.row.cells[column.key], filter, setFilter) })
  }
  const onMenu = (column: Shown, x: number, y: number) =>
    setMenu({ label: column.label, x, y, onClose: () => setMenu(undefined), items: headItems(column, table, setSort, filter, setFilter, setGroup) })

  return (
    <div
      class="grid-box run-grid"
      ref={virtual.box}
      role="table"
      aria-label="Runs"
      aria-rowcount={count + 1}
      aria-colcount={table.columns.length + 1}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onContextMenu={onContextMenu}
    >
      <Heads
        sight={sight}
        sort={sort}
        isChosen={chosen.size > 0}
        isPartly={chosen.size > 0 && chosen.size < count}
        allLabel={chosen.size ? 'Select none' : count > ALL ? `Select the first ${ALL} runs` : 'Select all runs'}
        onAll={selectAll}
        onSort={(column) => setSort(nextSort(sort, column, NEWEST))}
        onWidth={table.setWidth}
        onPlace={(key, before) => table.arrange(placed(table.arranged, key, table.arranged.keys.indexOf(before)))}
        onMove={(key, by) => table.arrange(moved(table.arranged, key, by))}
        onMenu={onMenu}
      />
      <div role="rowgroup" class="run-rows" style={{ height: virtual.height, width: CHECK + sight.width }}>
        {virtual.items.map(({ index }) => {
          const line = lineAt(index)
          const at = { place: index, isCurrent: index === current }
          if (line?.kind === 'group') return <GroupRow key={index} {...at} sight={sight} line={line} />
          if (line?.kind === 'more') return <MoreRow key={index} {...at} line={line} base={base} />
          return (
            <RunRow key={index} {...at} sight={sight} row={line?.row} isChosen={line !== undefined && chosen.has(line.row.id)} cell={cell} best={best} lead={lead} href={href} />
          )
        })}
      </div>
      {empty}
      {menu && <ContextMenu {...menu} />}
    </div>
  )
}

function placeOf(target: Element): number | undefined {
  const place = target.closest<HTMLElement>('[data-place]')?.dataset.place
  return place === undefined ? undefined : Number(place)
}

/** Scroll sideways so far that a column is in sight. */
function reveal(box: HTMLElement | null, { pinned }: InSight, column: Shown): void {
  if (!box || pinned.some(({ key }) => key === column.key)) return
  const held = CHECK + pinned.reduce((sum, { width }) => sum + width, 0)
  const left = CHECK + column.left
  if (left < box.scrollLeft + held) box.scrollLeft = left - held
  else if (left + column.width > box.scrollLeft + box.clientWidth) box.scrollLeft = left + column.width - box.clientWidth
}
