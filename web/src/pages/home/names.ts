import type { ExperimentRow } from '../../data/api.gen'

/** What is wrong with a new name: two experiments of one kind have two names. */
export function nameMistake(
  name: string,
  kind: string,
  others: readonly Pick<ExperimentRow, 'name' | 'kind'>[],
): string | undefined {
  const isTaken = others.some((other) => other.kind === kind && other.name === name.trim())
  return isTaken ? 'There is one of this name already.' : undefined
}
