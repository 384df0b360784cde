import { signal } from '@preact/signals'
import { formatAgo, formatTime } from '../logic/format'

const now = signal(Date.now())
setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 5000)

/** How long ago something was; the exact time is the title. */
export function Ago({ ms }: { ms: number | null }) {
  if (ms === null) return <span class="muted">–</span>
  return (
    <time dateTime={new Date(ms).toISOString()} title={formatTime(ms)}>
      {formatAgo(ms, Math.max(now.value, ms))}
    </time>
  )
}
