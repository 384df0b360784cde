import { useState } from 'preact/hooks'
import { Card } from '../../components'
import type { RunDetails } from '../../data/api.gen'
import { formatTime } from '../../logic/format'
import { flattened, matching, valueText, type Item } from '../../logic/run/documents'

const MANY = 12
const MOST = 1000

/** The arguments of a run; those inside of others have their paths as names. */
export function ArgsCard({ run }: { run: RunDetails }) {
  const items = flattened(run.args)
  if (!items.length) return null
  return <SearchedCard title="Arguments" items={items} />
}

function SearchedCard({ title, items }: { title: string; items: Item[] }) {
  const [wanted, setWanted] = useState('')
  const actions = items.length > MANY && (
    <input
      type="search"
      class="run-search"
      aria-label={`Search ${title.toLowerCase()}`}
      placeholder="Search"
      value={wanted}
      onInput={(event) => setWanted(event.currentTarget.value)}
    />
  )
  return (
    <Card title={title} class="run-document" actions={actions}>
      <Items items={matching(items, wanted)} />
    </Card>
  )
}

/** What few people look for: folded. */
export function MoreCard({ run }: { run: RunDetails }) {
  const times = { created: run.time_created, started: run.time_started, updated: run.time_updated, finished: run.time_finished }
  const items = Object.entries(times).map(([path, ms]) => ({ path, value: formatTime(ms) }))
  return (
    <Card title="More" class="run-document">
      <Folded title="User attributes" items={run.user_attrs.map(({ key, value }) => ({ path: key, value }))} open />
      <Folded title="Extras" items={flattened(run.extras)} open />
      {run.kind !== 'tracking' && run.comment && <Folded title="Comment" items={[{ path: 'comment', value: run.comment }]} open />}
      <Folded title="Times" items={items} />
      <Folded title="Environment" items={flattened(run.env)} />
    </Card>
  )
}

function Folded({ title, items, open = false }: { title: string; items: Item[]; open?: boolean }) {
  if (!items.length) return null
  return (
    <details open={open}>
      <summary>
        {title} ({items.length})
      </summary>
      <Items items={items} />
    </details>
  )
}

function Items({ items }: { items: Item[] }) {
  return (
    <dl class="run-items">
      {items.slice(0, MOST).map(({ path, value }) => (
        <div key={path}>
          <dt>{path}</dt>
          <dd>{valueText(value)}</dd>
        </div>
      ))}
      {items.length > MOST && <p class="hint">And {items.length - MOST} more: search for them.</p>}
    </dl>
  )
}
