import { Directions } from '../../components/Directions'
import { StateBar, StateCounts } from '../../components/StateBar'
import type { Study } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { kindOf } from '../../logic/experimentList'
import { formatCount } from '../../logic/format'
import { BestFact, Facts } from './facts'
import { PreferenceFacts } from './PreferenceFacts'

/** A study at a glance. */
export function StudyHead({ study, filter }: { study: Study; filter: string }) {
  const { id, summary: all } = study
  const filtered = useQuery(`summary/${id}/${filter}`, (s) => source().summary(id, filter, s), {
    live: id,
    enabled: filter !== '',
  })
  const noun = study.has_arms ? 'arm' : 'trial'
  const summary = (filter && filtered.data) || all
  return (
    <header class={`study-head ${study.is_preferential ? 'preferential' : ''}`}>
      <div class="study-name">
        <h1>{study.name}</h1>
        {!study.is_preferential && <Directions directions={study.directions} names={study.objective_names} />}
        {(study.kind !== 'optuna' || study.is_preferential) && <span class="chip">{kindOf(study)}</span>}
        {study.tags.map((tag) => (
          <span key={tag} class="chip">
            {tag}
          </span>
        ))}
      </div>
      {study.comment && <p class="study-comment muted">{study.comment}</p>}
      <div class="facts">
        <div class="fact fact-states">
          <span class="fact-name">
            {filter ? `${formatCount(summary.counts.total)} of ` : ''}
            {formatCount(all.counts.total)} {noun}{all.counts.total === 1 ? '' : 's'}
          </span>
          <StateBar counts={summary.counts} />
          <StateCounts counts={summary.counts} />
        </div>
        {study.is_preferential ? (
          <PreferenceFacts id={id} summary={summary} />
        ) : (
          <>
            <BestFact study={study} summary={summary} filter={filter} />
            <Facts study={study} summary={summary} />
          </>
        )}
      </div>
    </header>
  )
}
