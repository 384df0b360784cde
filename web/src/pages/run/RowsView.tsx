import { useState } from 'preact/hooks'
import { Button, Failed, Spinner } from '../../components'
import type { RunArtifact, RunDetails } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatCount, formatValue } from '../../logic/format'

const ROWS = 200

/** The rows of a table, a page at a time as the server reads them. */
export function RowsView({ run, artifact }: { run: RunDetails; artifact: RunArtifact }) {
  const [offset, setOffset] = useState(0)
  const { data, error, loading, reload } = useQuery(`run/${run.id}/rows/${artifact.artifact_id}/${offset}`, (signal) =>
    source().runRows(run.id, artifact.artifact_id, offset, ROWS, signal),
  )
  if (error) return <Failed error={error} retry={reload} />
  if (!data) return <Spinner />
  const last = offset + data.rows.length
  const isEnd = data.total === null ? data.rows.length < ROWS : last >= data.total
  return (
    <>
      <div class="sheet" aria-busy={loading} tabIndex={0} role="region" aria-label={`Table ${artifact.filename}`}>
        <table>
          <thead>
            <tr>
              {data.columns.map((column, place) => (
                <th key={place} scope="col">{column}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {data.rows.map((row, place) => (
              <tr key={offset + place}>
                {data.columns.map((_, column) => (
                  <td key={column} class={typeof row[column] === 'number' ? 'number' : ''}>{cellText(row[column])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="rows-foot">
        <span class="hint" role="status">
          {data.rows.length ? `Rows ${formatCount(offset + 1)} to ${formatCount(last)}` : 'No rows'}
          {data.total !== null && ` of ${formatCount(data.total)}`}
          {data.is_cut && ', without some columns'}
        </span>{' '}
        <Button disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - ROWS))}>Earlier rows</Button>
        <Button disabled={isEnd} onClick={() => setOffset(offset + ROWS)}>Later rows</Button>
      </p>
    </>
  )
}

const cellText = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'number' ? String(value) : formatValue(value)
