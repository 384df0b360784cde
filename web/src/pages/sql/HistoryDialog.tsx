import { useState } from 'preact/hooks'
import { Ago, Button, Empty } from '../../components'
import { Dialog } from '../../components/Dialog'
import { formatCount, formatDuration } from '../../logic/format'
import { forget, ran, search } from '../../logic/sql/history'

interface HistoryDialogProps {
  onPick(query: string): void
  onClose(): void
}

/** Queries that ran in this browser. */
export function HistoryDialog({ onPick, onClose }: HistoryDialogProps) {
  const [words, setWords] = useState('')
  const found = search(ran.value, words)
  return (
    <Dialog title="History" onClose={onClose}>
      <div class="dialog-body">
        <input
          type="search"
          class="search-input"
          aria-label="Search the history"
          placeholder="Search the history"
          autofocus
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        {found.length === 0 && <Empty>{ran.value.length ? 'No query has these words.' : 'Nothing ran here yet.'}</Empty>}
        <ul class="sql-history" aria-label="Queries">
          {found.map(({ query, at, rows, seconds }) => (
            <li key={query}>
              <button
                type="button"
                onClick={() => {
                  onClose()
                  onPick(query)
                }}
              >
                <code>{query}</code>
                <span class="muted">
                  {formatCount(rows)} rows, {formatDuration(seconds)}, <Ago ms={at} />
                </span>
              </button>
            </li>
          ))}
        </ul>
        <p class="muted">The last 100 queries, in this browser only.</p>
      </div>
      <footer class="dialog-actions">
        <Button disabled={!ran.value.length} onClick={forget}>
          Forget all
        </Button>
      </footer>
    </Dialog>
  )
}
