import { Link } from 'wouter-preact'
import { Button } from '../../../components'
import { formatCount } from '../../../logic/format'
import { runsPath } from '../../../logic/runs/address'
import { useRuns } from '../context'

/** What can be done with the runs that were brushed. */
export function SelectedRuns() {
  const { id, selection } = useRuns()
  const count = selection.value.size
  if (count === 0) return null
  const { search } = window.location
  return (
    <div class="selection-bar" role="region" aria-label="Selected runs">
      <strong>
        {formatCount(count)} run{count === 1 ? '' : 's'} selected
      </strong>
      {['curves', 'compare', ''].map((page) => (
        <Link key={page} class="button plain" href={runsPath(id, page) + search}>
          {page === '' ? 'Table' : page === 'curves' ? 'Curves' : 'Compare'}
        </Link>
      ))}
      <Button onClick={() => (selection.value = new Set())}>Clear</Button>
    </div>
  )
}
