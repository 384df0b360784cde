import './trialParts.css'
import { StatusChip } from './feedback'

interface Marked {
  status: string
  feasible: boolean
  is_best: boolean
  is_stale?: boolean
  skipped: boolean
}

/** State of a trial, and whether it is best (in a study of preferences: unbeaten), infeasible, skipped or silent. */
export function TrialChips({ trial, isPreferential }: { trial: Marked; isPreferential: boolean }) {
  return (
    <span class="trial-chips">
      <StatusChip status={trial.status} />
      {trial.is_best && <span class="chip best">{isPreferential ? 'Unbeaten' : 'Best'}</span>}
      {trial.skipped && (
        <span class="chip" title="People are not asked about it; the page History restores it">
          Skipped
        </span>
      )}
      {!trial.feasible && <span class="chip infeasible">Infeasible</span>}
      {trial.is_stale && (
        <span class="chip stale" title="No sign of life for long: its worker may be gone">
          Stale
        </span>
      )}
    </span>
  )
}
