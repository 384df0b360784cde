import { useEffect, useRef } from 'preact/hooks'
import { Link } from 'wouter-preact'
import type { Study } from '../../data/api.gen'
import { runsPath } from '../../logic/runs/address'

const PAGE_NAMES: Record<string, string> = {
  '': 'Overview',
  analytics: 'Analytics',
  trials: 'Trials',
  trialTable: 'Table',
  smartSelection: 'Selection',
  note: 'Note',
}
/** Where people compare trials, nothing is charted over values, since there are none. */
const PREFERENTIAL_NAMES: Record<string, string> = {
  '': 'Feedback',
  'preference-history': 'History',
  analytics: 'Analytics',
  trials: 'Trials',
  trialTable: 'Table',
  note: 'Note',
}

/** The pages of a study by their paths, in the order of the tabs. */
export const pageNames = ({ is_preferential }: Pick<Study, 'is_preferential'>) =>
  is_preferential ? PREFERENTIAL_NAMES : PAGE_NAMES

/** The pages of a study; the filter goes along. */
export function StudyTabs({ study, page, filter }: { study: Study; page: string; filter: string }) {
  const query = filter && `?filter=${encodeURIComponent(filter)}`
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a phone the tabs are wider than the page.
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [page])
  return (
    <nav class="tabs" aria-label="Pages of the study" ref={nav}>
      {Object.entries(pageNames(study)).map(([path, name]) => (
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
