import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../../charts/SceneCard'
import type { UtilityLine, UtilityTrial } from '../../../data/api.gen'
import { lineScene } from '../../../logic/charts/utility'
import { tipOf } from '../../overview/tip'
import { useTrialActions } from '../../overview/useTrials'

interface LineCardProps {
  line: UtilityLine
  trials: UtilityTrial[]
  isStale: boolean
}

/** The estimate over one parameter. */
export function LineCard({ line, trials, isStale }: LineCardProps) {
  const { open, selected } = useTrialActions()
  const scene = useMemo(() => lineScene(line, trials), [line, trials])
  return (
    <SceneCard
      title={`Utility over ${line.axis.param}`}
      class="half"
      scene={scene}
      stale={isStale}
      height={300}
      onPick={open}
      selected={selected}
      tooltip={tipOf}
    />
  )
}
