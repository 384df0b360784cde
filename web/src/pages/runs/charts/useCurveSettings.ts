import type { RunComparison } from '../../../data/api.gen'
import { useUrlList, useUrlState } from '../../../logic/urlState'
import { mainMetrics } from '../../../logic/charts/runColumns'
import type { Spread } from '../../../logic/charts/runCurves'
import { useRuns } from '../context'

/** What the page of curves shows; all of it is in the address. */
export function useCurveSettings(comparison: RunComparison | undefined) {
  const { catalogue } = useRuns()
  const [listed, setMetrics] = useUrlList('curves.metrics')
  const [x, setX] = useUrlState('curves.x', 'step')
  const [smoothing, setSmoothing] = useUrlState('curves.smooth', '0')
  const [logX, setLogX] = useUrlState('curves.logx', '')
  const [logY, setLogY] = useUrlState('curves.logy', '')
  const [colour, setColour] = useUrlState('curves.colour', '')
  const [group, setGroup] = useUrlState('curves.group', '')
  const [spread, setSpread] = useUrlState('curves.band', 'range')
  const [merged, setMerged] = useUrlState('curves.merged', '')
  const known = listed.filter((name) => catalogue.metrics.includes(name))
  return {
    metrics: known.length ? known : mainMetrics(loggedMetrics(catalogue.metrics, comparison)),
    x, smoothing: Number(smoothing) || 0, logX: logX === '1', logY: logY === '1', colour, group,
    spread: spread as Spread, merged: merged === '1',
    setMetrics, setX, setColour, setGroup, setSpread,
    setSmoothing: (weight: number) => setSmoothing(String(weight)),
    setLogX: (on: boolean) => setLogX(on ? '1' : ''),
    setLogY: (on: boolean) => setLogY(on ? '1' : ''),
    setMerged: (on: boolean) => setMerged(on ? '1' : ''),
  } // prettier-ignore
}

/** Those that the runs have. */
function loggedMetrics(metrics: readonly string[], comparison: RunComparison | undefined): readonly string[] {
  const keys = new Set(comparison?.rows.map(({ key }) => key))
  return metrics.filter((name) => keys.has(`n:${name}`))
}

export type CurveSettings = ReturnType<typeof useCurveSettings>
