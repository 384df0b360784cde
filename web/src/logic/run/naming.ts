import type { RunDetails, RunHead, RunSeen } from '../../data/api.gen'

type Named = Pick<RunHead, 'id' | 'kind' | 'number' | 'name'>

/** A run in a few words: its name, or what its tool calls it. */
export function nameOf(run: Named): string {
  if (run.name) return run.name
  if (run.kind === 'tracking') return `Run ${run.id}`
  return run.number < 0 ? `Arm of a trial (run ${run.id})` : `Trial ${run.number}`
}

/** The page of an experiment's runs, or of a study. */
export const experimentPath = ({ kind, experiment_id: id }: Pick<RunHead, 'kind' | 'experiment_id'>): string =>
  kind === 'tracking' ? `/experiments/${id}` : `/studies/${id}`

/** The page of a trial in its study; undefined for a run that is none. */
export const trialPath = ({ kind, experiment_id: id, number }: RunDetails): string | undefined =>
  kind === 'tracking' ? undefined : `/studies/${id}/trials?numbers=${number}`

/** What a writer replaces: the server refuses if it is not what is there. */
export const seenOf = ({ name, comment, tags }: RunDetails): RunSeen => ({ name, comment, tags })
