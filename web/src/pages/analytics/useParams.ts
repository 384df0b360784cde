import { useMemo } from 'preact/hooks'
import type { Study } from '../../data/api.gen'
import { paramDimension, type Dimension } from '../../logic/charts/axis'
import { useUrlState } from '../../logic/urlState'

/** The parameters of a study as axes. */
export function useParams(study: Study): Dimension[] {
  return useMemo(() => study.params.map(paramDimension), [study.params])
}

/** The axis that a part of the URL names; of no known one, the one at a place. */
export function useDimension(
  name: string,
  dimensions: readonly Dimension[],
  place: number,
): [Dimension | undefined, (label: string) => void] {
  const [label, set] = useUrlState(name, '')
  const found = dimensions.find((dimension) => dimension.label === label)
  return [found ?? dimensions[Math.min(place, dimensions.length - 1)], set]
}

export const options = (dimensions: readonly Dimension[]) =>
  dimensions.map(({ label }) => ({ value: label, label }))
