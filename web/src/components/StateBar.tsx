import type { Counts } from '../data/api.gen'
import { formatCompact, formatCount } from '../logic/format'
import { countsByStatus, lookOf } from '../logic/statuses'

/** How many trials have each status, as a bar; its text is its title. */
export function StateBar({ counts, none = 'no trials' }: { counts: Counts; none?: string }) {
  const shown = countsByStatus(counts)
  const text = shown.map((c) => `${formatCount(c.count)} ${lookOf(c.status).word}`).join(', ')
  return (
    <span class="state-bar" role="img" aria-label={text || none} title={text || none}>
      {shown.map(({ status, count }) => (
        <span key={status} class={lookOf(status).name} style={{ flexGrow: count }} />
      ))}
    </span>
  )
}

/** How many trials have each status, in words. */
export function StateCounts({ counts, short = false }: { counts: Counts; short?: boolean }) {
  return (
    <span class="counts">
      {countsByStatus(counts).map(({ status, count }) => {
        const look = lookOf(status)
        return (
          <span key={status} class={look.name} title={`${formatCount(count)} ${look.word}`}>
            <span class="status-mark" aria-hidden="true">
              {look.short}
            </span>
            {short ? formatCompact(count) : formatCount(count)}
            <span class={short ? 'visually-hidden' : ''}>{look.word}</span>
          </span>
        )
      })}
    </span>
  )
}
