import { useEffect, useState } from 'preact/hooks'
import { StatusChip } from '../../components'
import type { Study, TrialRow } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatDuration, formatNumber, formatValue, withError } from '../../logic/format'
import { objectiveName } from '../../logic/charts/axis'
import { GENERATED, paramText } from '../../logic/trials/columns'
import { trialName } from '../../logic/trials/naming'
import { useStudy } from '../study/context'

const PAUSE = 70
const PARAMS = 14

/** A trial in a tooltip; asked for when the pointer rests. */
export function TrialTip({ number, extra = [] }: { number: number; extra?: [string, string][] }) {
  const { study } = useStudy()
  const rests = useRest(number)
  const { data } = useQuery(
    `tip/${study.id}/${number}`,
    (signal) => source().trials(study.id, { numbers: [number], limit: 1 }, signal),
    { enabled: rests },
  )
  const row = data?.rows.find((trial) => trial.number === number)
  return (
    <>
      <div class="tip-head">
        {trialName(row ?? { number })}
        {row && <StatusChip status={row.status} />}
        {row && !row.feasible && <span class="chip infeasible">Infeasible</span>}
      </div>
      <Pairs pairs={[...extra, ...(row ? pairsOf(study, row) : [])]} />
    </>
  )
}

export function Pairs({ pairs }: { pairs: [string, string][] }) {
  return (
    <dl class="pairs">
      {pairs.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd title={value}>{value}</dd>
        </>
      ))}
    </dl>
  )
}

function pairsOf(study: Study, row: TrialRow): [string, string][] {
  const params = Object.entries(row.params)
  const more = params.length - PARAMS
  const values = study.is_preferential ? [] : row.values
  return [
    ...values.map((value, k): [string, string] => [
      objectiveName(study, k),
      `${formatNumber(value, 6)}${withError(row.sems?.[k])}`,
    ]),
    ...Object.entries(GENERATED).flatMap(([key, label]): [string, string][] =>
      key in row.user_attrs ? [[label, formatValue(row.user_attrs[key])]] : [],
    ),
    ...params.slice(0, PARAMS).map(([name, value]): [string, string] => [name, paramText(value, 4)]),
    ...(more > 0 ? [['…', `${more} more`] as [string, string]] : []),
    ['Duration', formatDuration(row.duration)],
  ]
}

/** Whether the same number has been there for a moment. */
function useRest(number: number): boolean {
  const [rested, setRested] = useState(-1)
  useEffect(() => {
    const timer = setTimeout(() => setRested(number), PAUSE)
    return () => clearTimeout(timer)
  }, [number])
  return rested === number
}
