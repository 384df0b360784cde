import { useEffect, useState } from 'preact/hooks'
import { Button, Empty, Failed } from '../../components'
import { EnqueueDialog } from '../../components/EnqueueDialog'
import { TrialChips } from '../../components/TrialChips'
import { useTrialRows } from '../../components/useTrialRows'
import { useVirtualRows } from '../../components/useVirtualRows'
import type { TrialRow } from '../../data/api.gen'
import { formatCount, formatDuration, formatNumber } from '../../logic/format'
import { useKeys } from '../../logic/keys'
import { inSentence, trialName } from '../../logic/trials/naming'
import { MOST_BESIDE, moved } from '../../logic/trials/selection'
import { useUrlState } from '../../logic/urlState'
import { readOnly } from '../../state/session'
import { useStudy } from '../study/context'
import { ListMenu } from './ListMenu'

const ROW = window.matchMedia('(pointer: coarse)').matches ? 48 : 40

interface TrialListProps {
  numbers: number[]
  onPick(number: number, add: boolean): void
  /** Show the trials that were gathered. */
  onShow(numbers: number[]): void
  /** The first trial of the list is known. */
  onFirst(number: number): void
}

export function TrialList({ numbers, onPick, onShow, onFirst }: TrialListProps) {
  const { study, filter, selection } = useStudy()
  const gathered = numbers.length ? [] : [...selection.value]
  const chosen = numbers.length ? numbers : gathered
  const [sort] = useUrlState('sort', 'number')
  const [queueing, setQueueing] = useState(false)
  const [count, setCount] = useState(study.summary.counts.total)
  const virtual = useVirtualRows(count, ROW)
  const { total, rows, error, reload } = useTrialRows({ id: study.id, filter, sort }, virtual.first, virtual.last)
  useEffect(() => {
    if (total !== undefined) setCount(total)
  }, [total])
  const [first] = rows
  useEffect(() => {
    if (first) onFirst(first.number)
  }, [first?.number])
  const current = numbers.at(-1)
  useEffect(() => {
    const place = placeOf(rows, current) ?? (sort === 'number' && !filter && current !== undefined && current >= 0 ? current : undefined)
    if (place !== undefined) virtual.scrollTo(place)
  }, [current])

  const step = (by: number) => {
    const place = placeOf(rows, current)
    const row = rows[place === undefined ? 0 : moved(place, by, count)]
    if (row) onPick(row.number, false)
  }
  const onArrow = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!by) return
    event.preventDefault()
    step(by)
  }
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    x: () => {
      const place = placeOf(rows, current)
      const next = place === undefined ? undefined : rows[moved(place, 1, count)]
      if (next) onPick(next.number, true)
    },
  })
  return (
    <section class="trial-list" aria-label="Trials">
      <header class="trial-list-head">
        <strong class="count">{countText(total, study.summary.counts.total, study.has_arms)}</strong>
        <span class="spacer" />
        {gathered.length > 0 && (
          <Button kind="primary" onClick={() => onShow(gathered)}>
            Show {formatCount(Math.min(gathered.length, MOST_BESIDE))}
          </Button>
        )}
        {study.kind === 'optuna' && !readOnly.value && <Button onClick={() => setQueueing(true)}>Enqueue</Button>}
        <ListMenu />
      </header>
      {error && <Failed error={error} retry={reload} />}
      {total === 0 && <Empty>{filter ? 'No trial passes the filter.' : 'There are no trials yet.'}</Empty>}
      <div class="trial-rows" ref={virtual.box} role="listbox" aria-label="Trials" aria-multiselectable="true" tabIndex={0} onKeyDown={onArrow}>
        <div style={{ height: virtual.height, position: 'relative' }}>
          {virtual.items.map(({ index, start }) => (
            <ListRow
              key={index}
              row={rows[index]}
              isAx={study.kind === 'ax'}
              isPreferential={study.is_preferential}
              top={start}
              isChosen={chosen.includes(rows[index]?.number ?? NaN)}
              onPick={onPick}
            />
          ))}
        </div>
      </div>
      {queueing && <EnqueueDialog study={study} onClose={() => setQueueing(false)} />}
    </section>
  )
}

function placeOf(rows: (TrialRow | undefined)[], number: number | undefined): number | undefined {
  const place = rows.findIndex((row) => row !== undefined && row.number === number)
  return place < 0 ? undefined : place
}

function countText(shown: number | undefined, all: number, hasArms: boolean): string {
  if (shown === undefined) return hasArms ? 'Arms' : 'Trials'
  const trials = `${hasArms ? 'arm' : 'trial'}${shown === 1 ? '' : 's'}`
  return shown === all ? `${formatCount(all)} ${trials}` : `${formatCount(shown)} of ${formatCount(all)}`
}

interface ListRowProps {
  row: TrialRow | undefined
  isAx: boolean
  isPreferential: boolean
  top: number
  isChosen: boolean
  onPick(number: number, add: boolean): void
}

/** Most arms are called after the only trial that has them. */
const arm = (row: TrialRow) => (row.number < 0 || row.name === `${row.number}_0` ? trialName(row) : `${trialName(row)} (${row.name})`)

function ListRow({ row, isAx, isPreferential, top, isChosen, onPick }: ListRowProps) {
  const style = { transform: `translateY(${top}px)`, height: ROW }
  if (!row) return <div class="trial-row loading" style={style} aria-hidden="true" />
  const values = isPreferential ? [] : row.values
  return (
    <div
      class={`trial-row ${isChosen ? 'chosen' : ''}`}
      style={style}
      role="option"
      aria-selected={isChosen}
      onClick={(event) => onPick(row.number, event.shiftKey || event.ctrlKey || event.metaKey)}
    >
      <label class="row-check" onClick={(event) => event.stopPropagation()}>
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={`Show ${inSentence(row)} beside`}
          checked={isChosen}
          onChange={() => onPick(row.number, true)}
        />
      </label>
      <span class="trial-name">{isAx ? arm(row) : (row.name ?? trialName(row))}</span>
      <TrialChips trial={row} isPreferential={isPreferential} />
      <span class="trial-value" title={values.join(', ')}>
        {values.length ? values.map((value) => formatNumber(value)).join(', ') : row.status === 'RUNNING' ? formatDuration(row.duration) : ''}
      </span>
    </div>
  )
}
