import { Card } from '../../components'
import { NoteEditor } from '../../components/NoteEditor'
import type { RunDetails } from '../../data/api.gen'
import { source } from '../../data/source'
import { readOnly } from '../../state/session'
import { useComment } from './useComment'

/** The note in Markdown: of a tracked run its comment, of a trial that of the study's pages. */
export function NoteCard({ run, onChange }: { run: RunDetails; onChange(): void }) {
  return run.note ? <TrialNote run={run} /> : <Comment run={run} onChange={onChange} />
}

function TrialNote({ run }: { run: RunDetails }) {
  if (!run.note) return null
  return (
    <Card title="Note">
      <NoteEditor
        key={run.id}
        note={run.note}
        of={`run ${run.id}`}
        readOnly={readOnly.value}
        artifacts={run.artifacts}
        put={(note) => source().putTrialNote(run.experiment_id, run.id, note)}
      />
    </Card>
  )
}

function Comment({ run, onChange }: { run: RunDetails; onChange(): void }) {
  const { note, put } = useComment(run, onChange)
  const upload = (file: File) => source().uploadToRun(run.id, file)
  return (
    <Card title="Note">
      <NoteEditor
        key={run.id}
        note={note}
        of={`run ${run.id}`}
        readOnly={!run.can_edit}
        artifacts={run.artifacts}
        put={put}
        upload={run.can_upload ? upload : undefined}
      />
    </Card>
  )
}
