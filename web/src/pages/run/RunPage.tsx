import { useEffect, useState } from 'preact/hooks'
import { Failed, Spinner } from '../../components'
import type { RunDetails } from '../../data/api.gen'
import { ApiError } from '../../data/source'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { nameOf } from '../../logic/run/naming'
import { useTitle } from '../../logic/title'
import { ArtifactsCard } from './ArtifactsCard'
import { ArgsCard, MoreCard } from './DocumentCards'
import { LinksCard } from './LinksCard'
import { MetricsCard } from './MetricsCard'
import { NoteCard } from './NoteCard'
import { RunHead } from './RunHead'
import './run.css'

/** Everything about one run of any kind. */
export default function RunPage({ id }: { id: number }) {
  const [experiment, setExperiment] = useState<number | undefined>()
  const { data: run, error, reload } = useQuery<RunDetails>(`run/${id}`, (s) => source().run(id, s), {
    live: experiment,
  })
  useEffect(() => setExperiment(run?.experiment_id), [run?.experiment_id])
  useTitle(run && nameOf(run), run?.experiment)
  if (error && (!run || isGone(error))) return <Failed error={error} retry={reload} />
  if (!run) return <Spinner />
  return (
    <article class="run-page" aria-label={`Run ${run.id}`}>
      <RunHead run={run} onChange={reload} />
      <div class="run-columns">
        <div class="run-column">
          <MetricsCard run={run} />
          <ArtifactsCard run={run} onChange={reload} />
        </div>
        <div class="run-column">
          <NoteCard run={run} onChange={reload} />
          <LinksCard run={run} />
          <ArgsCard run={run} />
          <MoreCard run={run} />
        </div>
      </div>
    </article>
  )
}

const isGone = (error: Error) => error instanceof ApiError && error.status === 404
