import { Link } from 'wouter-preact'
import { Card, StatusChip } from '../../components'
import type { RunDetails, RunHead } from '../../data/api.gen'
import { formatCount } from '../../logic/format'
import { nameOf } from '../../logic/run/naming'

/** Runs that have to do with this one, in both directions. */
export function LinksCard({ run }: { run: RunDetails }) {
  // What a chain shows already needs no line of its own.
  const chained = new Set(run.chain.map(({ id }) => id))
  const links = run.links.filter((link) => link.kind !== 'resumes' || !chained.has(link.run.id))
  if (!run.links.length && !run.parent && !run.children.length) return null
  return (
    <Card title="Links" class="run-links">
      {run.chain.length > 1 && <Chain run={run} />}
      <ul>
        {links.map((link) => (
          <li key={`${link.kind}/${link.is_from_here}/${link.run.id}`}>
            {link.is_from_here ? (
              <>{link.kind} <RunRef head={link.run} of={run} /></>
            ) : (
              <><RunRef head={link.run} of={run} /> {link.kind} this</>
            )}{' '}
            <StatusChip status={link.run.status} />
          </li>
        ))}
        {run.parent && (
          <li>
            part of <RunRef head={run.parent} of={run} /> <StatusChip status={run.parent.status} />
          </li>
        )}
      </ul>
      {run.children.length > 0 && <Children run={run} />}
    </Card>
  )
}

/** Runs of which each resumes the one before, as the one run that they are. */
function Chain({ run }: { run: RunDetails }) {
  const ids = run.chain.map(({ id }) => id).join(',')
  return (
    <div class="run-chain">
      <p class="hint">
        One run in {run.chain.length} parts, each resumes the one before ·{' '}
        <Link href={`/experiments/${run.experiment_id}/curves?runs=${ids}`}>Curves of all</Link>
      </p>
      <ol aria-label="Parts of the run">
        {run.chain.map((head) => (
          <li key={head.id}>
            {head.id === run.id ? <b aria-current="page">{nameOf(head)}</b> : <RunRef head={head} of={run} />}
          </li>
        ))}
      </ol>
    </div>
  )
}

function Children({ run }: { run: RunDetails }) {
  const more = run.child_count - run.children.length
  return (
    <details open={run.children.length <= 8}>
      <summary>{formatCount(run.child_count)} parts</summary>
      <ul>
        {run.children.map((head) => (
          <li key={head.id}>
            <RunRef head={head} of={run} /> <StatusChip status={head.status} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">And {formatCount(more)} more.</p>}
    </details>
  )
}

const RunRef = ({ head, of }: { head: RunHead; of: RunDetails }) => (
  <span class="run-ref">
    <Link href={`/runs/${head.id}`}>{nameOf(head)}</Link>
    {head.experiment_id !== of.experiment_id && <span class="hint"> of {head.experiment}</span>}
  </span>
)

