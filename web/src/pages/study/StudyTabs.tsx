import { Link } from 'wouter-preact'
import type { Study } from '../../data/api.gen'
import { runsPath } from '../../logic/runs/address'

export const PAGE_NAMES: Record<string, string> = {
  '': 'Overview',
  analytics: 'Analytics',
  trials: 'Trials',
  trialTable: 'Table',
  smartSelection: 'Selection',
  note: 'Note',
}

/** The pages of a study; the filter goes along. */
export function StudyTabs({ study, page, filter }: { study: Study; page: string; filter: string }) {
  const query = filter && `?filter=${encodeURIComponent(filter)}`
  return (
    <nav class="tabs" aria-label="Pages of the study">
      {Object.entries(PAGE_NAMES).map(([path, name]) => (
        <Link
          key={path}
          href={`/studies/${study.id}${path && `/${path}`}${query}`}
          aria-current={path === page ? 'page' : undefined}
        >
          {name}
        </Link>
      ))}
      <Link href={runsPath(study.id)} title="The same trials as runs: any columns, groups, curves, comparison">
        Runs
      </Link>
    </nav>
  )
}
