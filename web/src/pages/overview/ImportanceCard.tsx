import { useMemo } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { ChartCard } from '../../charts/ChartCard'
import { ChartMenu } from '../../charts/ChartMenu'
import { Importance, importancePicture, importanceRows } from '../../charts/Importance'
import { Legend } from '../../charts/Legend'
import { quietFor, useQuery } from '../../data/query'
import { source } from '../../data/source'
import { objectiveName } from '../../logic/charts/axis'
import { useStudy } from '../study/context'

export function ImportanceCard() {
  const { study, filter, details } = useStudy()
  const [, go] = useLocation()
  const { data, error, reload, loading } = useQuery(
    `importances/${study.id}/${filter}`,
    (signal) => source().importances(study.id, { filter }, signal),
    {
      live: study.id,
      enabled: details.value,
      quiet: Math.max(2000, quietFor(study.summary.counts.total)),
    },
  )
  const objectives = study.directions.map((_, k) => objectiveName(study, k))
  const rows = useMemo(() => importanceRows(data?.importances ?? []), [data])
  const picture = useMemo(() => importancePicture(rows, objectives), [rows, objectives.join()])
  const title = 'Hyperparameter importance'
  const choose = (name: string) =>
    go(
      `/studies/${study.id}/analytics?param=${encodeURIComponent(name)}${filter ? `&filter=${encodeURIComponent(filter)}` : ''}`,
    )
  return (
    <ChartCard
      title={title}
      height={200}
      waiting={!data}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        rows.length
          ? null
          : sentence(
              data?.reason ?? 'Importances need at least two finished trials with parameters.',
            )
      }
      notes={
        data
          ? [
              `PED-ANOVA from ${data.trials.toLocaleString('en')} trials. Choose a parameter to see its slice.`,
            ]
          : []
      }
      menu={<ChartMenu title={title} picture={picture} />}
    >
      {objectives.length > 1 && (
        <Legend items={picture.legend} hidden={NONE} onToggle={() => undefined} />
      )}
      <Importance rows={rows} objectives={objectives} chosen={null} onChoose={choose} />
    </ChartCard>
  )
}

const sentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`

const NONE: ReadonlySet<string> = new Set()
