import { useEffect, useRef } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import { Ago } from '../../components/Ago'
import { Directions } from '../../components/Directions'
import { Sparkline } from '../../components/Sparkline'
import { StateBar, StateCounts } from '../../components/StateBar'
import type { ExperimentRow } from '../../data/api.gen'
import { kindOf, pathOf, triesOf } from '../../logic/experimentList'
import { formatCount, formatNumber } from '../../logic/format'
import { isTyping } from '../../logic/keys'
import { RowMenu } from './RowMenu'

interface RowProps {
  row: ExperimentRow
  index: number
  others: readonly ExperimentRow[]
  isActive: boolean
  isSelected: boolean
  select: () => void
  changed: () => void
}

export function Row({ row, index, others, isActive, isSelected, select, changed }: RowProps) {
  const line = useRef<HTMLTableRowElement>(null)
  const [, navigate] = useLocation()
  const path = pathOf(row)
  useEffect(() => {
    // The keys move the focus, too, so that screen readers tell where it is; a line that only
    // comes back into sight leaves it to who types.
    if (isActive && !isTyping()) line.current?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true })
  }, [isActive])
  const open = (event: MouseEvent) => {
    const target = event.target as Element
    if (!target.closest('a, button, label, input, .menu') && !window.getSelection()?.toString()) navigate(path)
  }
  return (
    <tr ref={line} class={isActive ? 'active' : ''} aria-rowindex={index} aria-selected={isSelected} onClick={open}>
      <td class="check">
        <label>
          <input type="checkbox" checked={isSelected} aria-label={`Select ${row.name}`} onChange={select} />
        </label>
      </td>
      <td class="name">
        <div>
          <Link href={path} title={row.comment ? `${row.name}\n${row.comment}` : row.name}>
            {row.name}
          </Link>
          {!row.is_preferential && <Directions directions={row.directions} names={row.objective_names} />}
        </div>
      </td>
      <td class="kind">{kindOf(row)}</td>
      <td class="trials">
        <StateBar counts={row.counts} none={`no ${triesOf(row)}`} />
        <StateCounts counts={row.counts} short />
        {row.counts.total === 0 && <span class="muted">no {triesOf(row)} yet</span>}
      </td>
      <td class="best">
        <Best row={row} />
      </td>
      <td class="running">
        {row.counts.RUNNING > 0 && <span class="running-now">{formatCount(row.counts.RUNNING)}</span>}
        {row.stale > 0 && !row.is_preferential && (
          <span class="warning" title={`${row.stale} without a sign of life for long`}>
            ⚠ {formatCount(row.stale)} stale
          </span>
        )}
      </td>
      <td class="activity">
        <Ago ms={row.last_activity} />
      </td>
      <td class="created">
        <Ago ms={row.time_created} />
      </td>
      <td class="tags">
        {row.tags.map((tag) => (
          <span key={tag} class="chip" title={tag}>
            {tag}
          </span>
        ))}
      </td>
      <td class="actions">
        <RowMenu row={row} others={others} changed={changed} />
      </td>
    </tr>
  )
}

/** Trials that nobody has compared yet. */
function NewOnes({ count }: { count: number }) {
  return count > 0 ? <span>{formatCount(count)} not compared yet</span> : <span class="muted">–</span>
}

function Best({ row }: { row: ExperimentRow }) {
  if (row.is_preferential) return <NewOnes count={row.counts.RUNNING} />
  if (row.directions.length > 1) return <span class="muted">{row.directions.length} objectives</span>
  if (row.best === null) return <span class="muted">–</span>
  const trial = row.best_trial === null ? '' : ` (trial ${row.best_trial})`
  return (
    <>
      <span class="best-number" title={`${row.best}${trial}`}>
        {formatNumber(row.best)}
      </span>
      <Sparkline values={row.trend} width={72} height={20} label="Best value so far" steps />
    </>
  )
}
