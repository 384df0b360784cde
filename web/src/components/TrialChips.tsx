import './trialParts.css'
import { StatusChip } from './feedback'

interface Marked {
  status: string
  feasible: boolean
  is_best: boolean
  is_stale?: boolean
}

/** State of a trial, and whether it is best, infeasible or silent. */
export function TrialChips({ trial }: { trial: Marked }) {
  return (
    <span class="trial-chips">
      <StatusChip status={trial.status} />
      {trial.is_best && <span class="chip best">Best</span>}
      {!trial.feasible && <span class="chip infeasible">Infeasible</span>}
      {trial.is_stale && (
        <span class="chip stale" title="No sign of life for long: its worker may be gone">
          Stale
        </span>
      )}
    </span>
  )
}
