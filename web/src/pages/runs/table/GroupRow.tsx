import type { RunColumn } from '../../../data/api.gen'
import { type Sent, formatCount, formatDuration, formatNumber, toNumber } from '../../../logic/format'
import { cellText } from '../../../logic/runs/cells'
import type { InSight, Shown } from '../../../logic/runs/columns'
import { figureOf, isSummary } from '../../../logic/runs/groups'
import type { Line } from './lines'
import { CHECK, ROW } from './sizes'

interface RowProps<Kind extends Line['kind']> {
  line: Extract<Line, { kind: Kind }>
  place: number
  sight: InSight
  isCurrent: boolean
}

const at = (place: number) => ({ transform: `translateY(${place * ROW}px)`, height: ROW })

/** Runs with the same value: how many there are, and the means and ranges of their numbers. */
export function GroupRow({ line, place, sight, isCurrent }: RowProps<'group'>) {
  const { group, isOpen } = line
  const [by, ...others] = sight.pinned.length ? [sight.pinned[0], ...sight.visible] : sight.visible
  return (
    <div class={`run-row of-group ${isCurrent ? 'current' : ''}`} role="row" aria-rowindex={place + 2} aria-expanded={isOpen} data-place={place} style={at(place)}>
      {by && (
        <div class="pinned" role="presentation">
          <span class="grid-cell group-name" role="cell" style={{ width: CHECK + by.width }} title={String(group.value)}>
            <span aria-hidden="true">{isOpen ? '▾' : '▸'}</span>
            <strong>{nameOf(by, group.value)}</strong>
            <span class="muted">{formatCount(group.count)}</span>
          </span>
        </div>
      )}
      <span class="gap" style={{ width: sight.before }} />
      {others.map((column) => column && <Summary key={column.key} column={column} line={line} />)}
    </div>
  )
}

const nameOf = ({ kind }: Pick<RunColumn, 'kind'>, value: unknown): string =>
  value === null || value === undefined ? 'none' : (Array.isArray(value) ? value.join(', ') : cellText(kind, value)) || '“”'

function Summary({ column, line: { group, measure } }: { column: Shown; line: Extract<Line, { kind: 'group' }> }) {
  const { key, kind, width } = column
  const [mean, low, high] = [group.means[key], group.lows[key], group.highs[key]]
  const text = (value: Sent) => (kind === 'duration' ? formatDuration(toNumber(value)) : formatNumber(value, 3))
  const isShown = isSummary(column) && mean !== null && mean !== undefined
  const figure = figureOf(group, key, column, measure)
  return (
    <span role="cell" class={`grid-cell ${isShown ? 'numeric' : ''}`} style={{ width }} title={isShown ? `mean ${mean}, from ${low} to ${high}` : undefined}>
      {isShown && <strong>{cellText(kind, figure)}</strong>}
      {isShown && low !== high && (
        <span class="muted">
          {' '}
          {figure === mean ? `${text(low)} – ${text(high)}` : `ø ${text(mean)}`}
        </span>
      )}
    </span>
  )
}

/** The way to all runs of an open group. */
export function MoreRow({ line, place, isCurrent, base }: Omit<RowProps<'more'>, 'sight'> & { base: string }) {
  return (
    <div class={`run-row of-more ${isCurrent ? 'current' : ''}`} role="row" aria-rowindex={place + 2} data-place={place} style={at(place)}>
      <div class="pinned" role="presentation">
        <span class="grid-cell more" role="cell">
          <a href={base + line.path}>All {formatCount(line.group.count)} runs</a>
        </span>
      </div>
    </div>
  )
}
