import type { Trial } from '../../data/api.gen'

/** Parameters of a trial by name: those it has, or will have once a worker takes it. */
export function paramsOf(trial: Trial): Record<string, unknown> {
  const fixed = trial.fixed_params.map(({ key, value }) => [key, value] as const)
  const chosen = trial.params.map(({ name, value }) => [name, value] as const)
  return Object.fromEntries([...fixed, ...chosen])
}

/** Names of the parameters that are not the same in all of the trials. */
export function differingParams(trials: Trial[]): ReadonlySet<string> {
  const all = trials.map(paramsOf)
  const names = new Set(all.flatMap((params) => Object.keys(params)))
  return new Set([...names].filter((name) => new Set(all.map((params) => JSON.stringify(params[name]))).size > 1))
}
