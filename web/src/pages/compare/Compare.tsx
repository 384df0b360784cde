import { Link } from 'wouter-preact'
import { Card, Empty, Failed, Select, Spinner } from '../../components'
import type { Study } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { objectiveDimensions } from '../../logic/charts/axis'
import { incomparable } from '../../logic/charts/compare'
import { formatCount, formatNumber } from '../../logic/format'
import { useTitle } from '../../logic/title'
import { useUrlList, useUrlState } from '../../logic/urlState'
import { ComparedEdf } from './ComparedEdf'
import { ComparedHistory } from './ComparedHistory'

/** Several studies over each other. */
export default function Compare() {
  const [texts] = useUrlList('ids')
  const ids = [...new Set(texts.map(Number).filter((id) => Number.isInteger(id) && id > 0))]
  useTitle('Compare studies')
  const load = (signal: AbortSignal) => Promise.all(ids.map((id) => source().study(id, true, signal)))
  const { data, error, reload } = useQuery(`compare/${ids.join()}`, load, {
    enabled: ids.length > 0,
    live: 'all',
    quiet: 2000,
  })
  if (ids.length === 0) return <Empty>Choose studies to compare in the list of studies.</Empty>
  if (!data)
    return error ? (
      <Failed error={error} retry={reload} />
    ) : (
      <div class="centred">
        <Spinner />
      </div>
    )
  const refusal = incomparable(data)
  return (
    <>
      <h1>Compare studies</h1>
      <div class="charts">
        <Studies studies={data} />
        {refusal ? (
          <Card>
            <p class="chart-empty" role="alert">
              {refusal}
            </p>
          </Card>
        ) : (
          <Charts studies={data} />
        )}
      </div>
    </>
  )
}

function Charts({ studies }: { studies: Study[] }) {
  const objectives = objectiveDimensions(studies[0]!)
  const [k, setK] = useUrlState('objective', '0')
  const objective = objectives[Number(k)] ?? objectives[0]!
  const select = objectives.length > 1 && (
    <Select
      label="Objective"
      value={objective.column.slice(6)}
      options={objectives.map(({ column, label }) => ({ value: column.slice(6), label }))}
      onChange={setK}
    />
  )
  return (
    <>
      <ComparedHistory studies={studies} objective={objective} controls={select} />
      <ComparedEdf studies={studies} objective={objective} />
    </>
  )
}

function Studies({ studies }: { studies: Study[] }) {
  return (
    <Card title={`${studies.length} studies`} class="chart-card">
      <div class="scrolls">
        <table class="compared">
          <thead>
            <tr>
              <th scope="col">Study</th>
              <th scope="col">Directions</th>
              <th scope="col">Trials</th>
              <th scope="col">Complete</th>
              <th scope="col">Best</th>
            </tr>
          </thead>
          <tbody>
            {studies.map((study) => (
              <tr key={study.id}>
                <th scope="row">
                  <Link href={`/studies/${study.id}`}>{study.name}</Link>
                </th>
                <td>{study.directions.join(', ') || '–'}</td>
                <td>{formatCount(study.summary.counts.total)}</td>
                <td>{formatCount(study.summary.counts.COMPLETED)}</td>
                <td>
                  {study.directions.length === 1
                    ? formatNumber(study.summary.best[0]?.values[0])
                    : `${formatCount(study.summary.front_size)} on the front`}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}
