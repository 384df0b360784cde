import { signal } from '@preact/signals'
import { confirmDialog } from '../../components/confirm'
import { Checkbox } from '../../components/inputs'
import { toast, toastError } from '../../components/toast'
import type { ExperimentRow } from '../../data/api.gen'
import { source } from '../../data/source'
import { formatCount } from '../../logic/format'
import { meta } from '../../state/session'

const NAMED = 8
const withArtifacts = signal(false)

/** Delete experiments after a question; `changed` is called whatever became of it. */
export async function askToDelete(rows: ExperimentRow[], changed: () => void): Promise<void> {
  withArtifacts.value = false
  const trials = rows.reduce((sum, row) => sum + row.counts.total, 0)
  const what = rows.length === 1 ? `“${rows[0]?.name}”` : `${rows.length} experiments`
  const agreed = await confirmDialog({
    title: `Delete ${what}?`,
    body: <Question rows={rows} trials={trials} />,
    action: 'Delete',
    danger: true,
  })
  if (!agreed) return
  try {
    for (const row of rows) await source().deleteExperiment(row.id, withArtifacts.value)
    toast(`${what} deleted`)
  } catch (error) {
    toastError(error)
  }
  changed()
}

function Question({ rows, trials }: { rows: ExperimentRow[]; trials: number }) {
  const more = rows.length - NAMED
  return (
    <>
      {rows.length > 1 && (
        <ul>
          {rows.slice(0, NAMED).map((row) => (
            <li key={row.id}>{row.name}</li>
          ))}
          {more > 0 && <li>and {more} more</li>}
        </ul>
      )}
      <p>
        {trials > 0 && `${lossOf(rows.length, trials)} `}
        This cannot be undone.
      </p>
      {meta.value?.artifact_is_available && <RemoveArtifacts />}
    </>
  )
}

function lossOf(experiments: number, trials: number): string {
  const whose = experiments === 1 ? 'Its' : 'Their'
  return `${whose} ${formatCount(trials)} ${trials === 1 ? 'trial is' : 'trials are'} deleted, too.`
}

function RemoveArtifacts() {
  return (
    <Checkbox
      label="Delete artifact files, too"
      checked={withArtifacts.value}
      onChange={(checked) => (withArtifacts.value = checked)}
    />
  )
}
