import type { Curve, Study, Trial } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatNumber, toNumber } from '../../logic/format'
import { inSentence } from '../../logic/trials/naming'
import { useStudy } from '../study/context'
import { Part } from './TrialDetail'
import { MiniCurve } from './MiniCurve'

const POINTS = 400

/** What a trial reported on its way: a small curve, and the numbers folded below it. */
export function IntermediateValues({ trial }: { trial: Trial }) {
  const { study } = useStudy()
  const metric = study.has_intermediate_values ? 'intermediate_value' : curveOf(study)
  const enabled = metric !== undefined
  const title = study.has_intermediate_values ? 'Intermediate values' : `${metric} by step`
  const load = (signal: AbortSignal) =>
    source().curves(study.id, { metric, which: 'numbers', numbers: [trial.number], limit: 1, points: POINTS }, signal)
  const isRunning = trial.status === 'RUNNING'
  const { data } = useQuery(`curve/${study.id}/${trial.number}/${metric}`, load, { enabled, live: isRunning ? study.id : undefined })
  const curve = data?.curves.find(({ number }) => number === trial.number)
  if (!curve?.steps.length) return null
  const last = curve.values.at(-1)
  return (
    <Part title={title}>
      <MiniCurve xs={curve.steps} ys={curve.values.map(toNumber)} label={`${title} of ${inSentence(trial)}`} />
      <details>
        <summary>
          {curve.steps.length} steps, the last one {formatNumber(last)} at step {curve.steps.at(-1)}
        </summary>
        <StepTable curve={curve} />
      </details>
    </Part>
  )
}

/** The metric of an Ax experiment whose curve says most: that of the objective, if it has steps. */
function curveOf({ kind, metrics, objective_names: names }: Study): string | undefined {
  return kind === 'ax' ? (metrics.find((metric) => names.includes(metric)) ?? metrics[0]) : undefined
}

const StepTable = ({ curve }: { curve: Curve }) => (
  <div class="scrolls steps">
    <table>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {curve.steps.map((step, place) => (
          <tr key={step}>
            <td>{step}</td>
            <td>{formatNumber(curve.values[place], 6)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
