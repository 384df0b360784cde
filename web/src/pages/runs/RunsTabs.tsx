import { Link } from 'wouter-preact'
import { useSearch } from 'wouter-preact/use-browser-location'
import { runsPath } from '../../logic/runs/address'

export const PAGE_NAMES: Record<string, string> = {
  '': 'Table',
  curves: 'Curves',
  scatter: 'Scatter',
  parallel: 'Parallel',
  compare: 'Compare',
}

/** The pages of runs; all that the address says of them goes along. */
export function RunsTabs({ id, page }: { id: number | undefined; page: string }) {
  const query = useSearch()
  return (
    <nav class="tabs" aria-label="Pages of the runs">
      {Object.entries(PAGE_NAMES).map(([path, name]) => (
        <Link key={path} href={runsPath(id, path) + query} aria-current={path === page ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  )
}
