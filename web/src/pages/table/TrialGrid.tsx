import { useEffect, useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { Empty, Failed } from '../../components'
import { useRowKeys } from '../../components/useRowKeys'
import { useTrialRows } from '../../components/useTrialRows'
import { useVirtualRows } from '../../components/useVirtualRows'
import { columnsOf, nextSort, parseSort, shown, sortText } from '../../logic/trials/columns'
import { MOST_BESIDE, between, moved, trialsPath } from '../../logic/trials/selection'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { GridHead } from './GridHead'
import { GridRow } from './GridRow'
import { GridTools } from './GridTools'
import { useLayout } from './useLayout'
import '../../components/grid.css'
import './table.css'

const IS_COARSE = window.matchMedia('(pointer: coarse)').matches
const ROW = IS_COARSE ? 44 : 32
const HEAD = IS_COARSE ? 46 : 36
const CHECK = 40

interface TrialGridProps {
  /** Only these trials. */
  numbers?: number[] | undefined
  height: number
}

/** The table of trials: only what is in sight is asked for and drawn. */
export function TrialGrid({ numbers, height }: TrialGridProps) {
  const { study, filter, selection } = useStudy()
  const [, navigate] = useLocation()
  const [sortState, setSort] = useUrlState('sort', 'number')
  const [layout, setLayout] = useLayout(study.id)
  const [count, setCount] = useState(numbers?.length ?? study.summary.counts.total)
  const [current, setCurrent] = useState(-1)
  const virtual = useVirtualRows(count, ROW, 10, HEAD)
  const { total, rows, error, reload } = useTrialRows({ id: study.id, filter, sort: sortState, numbers }, virtual.first, virtual.last)
  useEffect(() => {
    if (total !== undefined) setCount(total)
  }, [total])

  const all = columnsOf(study)
  const columns = shown(all, layout)
  const template = [CHECK, ...columns.map(({ width }) => width)].map((width) => `${width}px`).join(' ')
  const width = columns.reduce((sum, column) => sum + column.width, CHECK)
  const chosen = selection.value

  const select = (place: number, range: boolean) => {
    const changed = range && current >= 0 ? between(rows, current, place) : between(rows, place, place)
    const on = !chosen.has(rows[place]?.number ?? NaN)
    const next = new Set(chosen)
    for (const { number } of changed) on ? next.add(number) : next.delete(number)
    selection.value = next
    setCurrent(place)
  }
  const go = (place: number) => {
    if (!count) return
    setCurrent(place)
    virtual.scrollTo(place)
  }
  const compare = () => chosen.size && navigate(trialsPath(study.id, [...chosen].slice(0, MOST_BESIDE), filter))
  const onBoxKey = useRowKeys(current, count, go, {
    x: () => rows[current] && select(current, false),
    X: () => rows[current] && select(current, true),
    c: compare,
    Enter: () => rows[current] && navigate(trialsPath(study.id, [rows[current].number], filter)),
  })
  return (
    <div class="grid-frame" style={{ height }}>
      <GridTools
        total={total}
        numbers={numbers}
        columns={all}
        layout={layout}
        onLayout={setLayout}
        onGo={(row) => go(moved(row, 0, count))}
        onCompare={compare}
      />
      {error && <Failed error={error} retry={reload} />}
      {total === 0 && <Empty>{filter || numbers ? 'No trial passes the filter.' : 'There are no trials yet.'}</Empty>}
      <div
        class="grid-box"
        hidden={total === 0}
        ref={virtual.box}
        role="table"
        aria-label="Trials"
        aria-rowcount={count + 1}
        aria-colcount={columns.length + 1}
        tabIndex={0}
        onKeyDown={onBoxKey}
      >
        <GridHead
          columns={columns}
          template={template}
          height={HEAD}
          sort={parseSort(sortState)}
          layout={layout}
          onLayout={setLayout}
          onSort={(key) => setSort(sortText(nextSort(parseSort(sortState), key)))}
        />
        <div role="rowgroup" style={{ height: virtual.height, width, minWidth: '100%', position: 'relative' }}>
          {virtual.items.map(({ index, start }) => (
            <GridRow
              key={index}
              place={index}
              row={rows[index]}
              columns={columns}
              isPreferential={study.is_preferential}
              style={{ transform: `translateY(${start}px)`, height: ROW, gridTemplateColumns: template }}
              isCurrent={index === current}
              isChosen={chosen.has(rows[index]?.number ?? NaN)}
              path={(number) => trialsPath(study.id, [number], filter)}
              onSelect={(range) => select(index, range)}
              onCurrent={() => setCurrent(index)}
            />
          ))}
        </div>
      </div>
    </div>
  )
}
