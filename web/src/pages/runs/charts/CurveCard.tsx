import { useEffect, useMemo, useState } from 'preact/hooks'
import { SceneCard } from '../../../charts/SceneCard'
import { useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { runCurvesScene, withDetail, type RunCurvesOptions } from '../../../logic/charts/runCurves'
import type { Range } from '../../../logic/charts/scale'
import { runValues } from './RunValues'

interface CurveCardProps {
  ids: readonly number[]
  options: RunCurvesOptions
  merged: boolean
  groupBy: string
  /** The experiment whose changes are followed. */
  live: number | 'all'
  /** What the legend of all charts has switched off; without it the card has a legend of its own. */
  hidden: ReadonlySet<string> | undefined
  onOpen: (run: number) => void
  height: number
}

const POINTS = 800
const PAUSE = 120

/** One metric of several runs; zooming asks the server for more detail. */
export function CurveCard({ ids, options, merged, groupBy, live, hidden, onOpen, height }: CurveCardProps) {
  const { metric, x } = options
  const asked = { runs: ids, metric, x, merged, group_by: groupBy, points: POINTS }
  const key = JSON.stringify(asked)
  const enabled = ids.length > 0
  const whole = useQuery(`runs/curves/${key}`, (signal) => source().runCurves(asked, signal), {
    live,
    enabled,
    quiet: 2000,
  })
  const [zoom, setZoom] = useState<Range | null>(null)
  const settled = useSettled(zoom)
  const [start, end] = settled ?? [0, 0]
  const part = useQuery(
    `runs/curves/${key}/${start}/${end}`,
    (signal) => source().runCurves({ ...asked, start, end }, signal),
    { live, enabled: enabled && settled !== null, quiet: 2000 },
  )
  const fits = settled !== null && !part.loading && part.data?.metric === metric
  const detail = fits ? part.data : undefined
  const scene = useMemo(() => {
    if (!whole.data) return null
    return runCurvesScene(detail ? withDetail(whole.data, detail, start, end) : whole.data, options)
  }, [whole.data, detail, options])
  const nothing = whole.data && !whole.data.curves.length && !whole.data.bands.length
  return (
    <SceneCard
      title={metric}
      scene={enabled ? scene : null}
      waiting={enabled && !whole.data && !whole.error}
      stale={(whole.loading && Boolean(whole.data)) || (settled !== null && part.loading)}
      error={whole.error ?? (settled ? part.error : undefined)}
      retry={whole.reload}
      empty={!enabled ? 'No run is let through by the filter.' : nothing ? 'None of these runs has logged a number for it.' : null}
      height={height}
      hidden={hidden}
      onPick={onOpen}
      onZoom={(view) => setZoom(view?.x ?? null)}
      tooltip={runValues}
      across
    />
  )
}

/** What has stayed the same for a moment: the wheel zooms in many small steps. */
function useSettled(zoom: Range | null): Range | null {
  const [settled, setSettled] = useState(zoom)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(zoom), zoom ? PAUSE : 0)
    return () => clearTimeout(timer)
  }, [zoom?.[0], zoom?.[1]])
  return settled
}
