import './note.css'
import { useEffect, useState } from 'preact/hooks'
import type { Artifact, Note } from '../data/api.gen'
import { ApiError } from '../data/source'
import {
  type NoteState, arrived, edited, isChanged, keptMine, opened, refused, saved, toSend, tookTheirs,
} from '../logic/trials/note'
import { Button } from './Button'
import { confirmDialog } from './confirm'
import { Dialog } from './Dialog'
import { Empty } from './feedback'
import { Markdown } from './Markdown'
import { NoteEditing } from './NoteEditing'
import { toast, toastError } from './toast'

interface NoteEditorProps {
  note: Note
  /** Of whom: "study 1", "trial 3 of study 1". */
  of: string
  readOnly?: boolean | undefined
  artifacts: Artifact[]
  put(note: Note): Promise<void>
  /** Stores an image; undefined where files cannot be stored. */
  upload?: ((file: File) => Promise<Artifact | undefined>) | undefined
}

/** A note in Markdown: read, edited with a preview, and saved so that nobody's text is lost unseen. */
export function NoteEditor({ note, of, readOnly = false, artifacts, put, upload }: NoteEditorProps) {
  const [state, setState] = useState<NoteState>(() => drafts.get(of) ?? { stored: note })
  const [full, setFull] = useState(false)
  const [saving, setSaving] = useState(false)
  useEffect(() => setState((now) => arrived(now, note)), [note.version, note.body])
  useKeptDraft(of, state)

  const save = async () => {
    const sent = toSend(state)
    setSaving(true)
    try {
      await put(sent)
      setState((now) => saved(now, sent))
      toast('The note is saved.')
    } catch (error) {
      const theirs = conflicting(error)
      if (theirs) setState((now) => refused(now, theirs))
      else toastError(error)
    } finally {
      setSaving(false)
    }
  }
  const discard = async () => {
    const question = { title: 'Discard changes?', body: <p>What you wrote is not saved.</p>, action: 'Discard', danger: true }
    if (!isChanged(state) || (await confirmDialog(question))) setState(tookTheirs)
  }

  if (state.draft === undefined) {
    return (
      <div class="note">
        {state.stored.body ? <Markdown text={state.stored.body} /> : <Empty>No note yet.</Empty>}
        {!readOnly && (
          <div class="note-actions">
            <Button aria-label={`Edit the note of ${of}`} onClick={() => setState(opened)}>
              Edit
            </Button>
          </div>
        )}
      </div>
    )
  }
  const editor = (
    <NoteEditing
      state={state}
      of={of}
      full={full}
      saving={saving}
      artifacts={artifacts}
      upload={upload}
      onEdit={(text) => setState((now) => edited(now, text))}
      onSave={() => void save()}
      onDiscard={() => void discard()}
      onFull={() => setFull(!full)}
      onKeepMine={() => setState(keptMine)}
      onTakeTheirs={() => setState(tookTheirs)}
    />
  )
  if (!full) return editor
  return (
    <Dialog title={`Note of ${of}`} class="note-full" onClose={() => setFull(false)}>
      {editor}
    </Dialog>
  )
}

function conflicting(error: unknown): Note | undefined {
  if (!(error instanceof ApiError) || error.status !== 409) return undefined
  return (error.body as { note?: Note } | null)?.note
}

/** Unsaved texts of this window: they are still there after a look at another page. */
const drafts = new Map<string, NoteState>()

window.addEventListener('beforeunload', (event) => {
  if (drafts.size) event.preventDefault()
})

function useKeptDraft(of: string, state: NoteState): void {
  useEffect(() => {
    if (isChanged(state)) drafts.set(of, state)
    else drafts.delete(of)
  }, [of, state])
}
