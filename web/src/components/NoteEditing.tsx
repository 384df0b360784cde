import './trialParts.css'
import { useRef, useState } from 'preact/hooks'
import type { Artifact, Note } from '../data/api.gen'
import { type NoteState, isChanged, withImage } from '../logic/trials/note'
import { Button } from './Button'
import { Markdown } from './Markdown'
import { NoteImages } from './NoteImages'

interface NoteEditingProps {
  of: string
  artifacts: Artifact[]
  upload?: ((file: File) => Promise<Artifact | undefined>) | undefined
  state: NoteState
  full: boolean
  saving: boolean
  onEdit(text: string): void
  onSave(): void
  onDiscard(): void
  onFull(): void
  onKeepMine(): void
  onTakeTheirs(): void
}

/** The text, its preview, and what somebody else wrote meanwhile. */
export function NoteEditing(props: NoteEditingProps) {
  const { state, of, full, saving, artifacts, upload, onEdit, onSave } = props
  const [preview, setPreview] = useState(false)
  const area = useRef<HTMLTextAreaElement>(null)
  const draft = state.draft ?? ''
  const insert = (name: string, url: string) => {
    const at = area.current?.selectionStart ?? draft.length
    onEdit(withImage(draft, at, area.current?.selectionEnd ?? at, name, url))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    onSave()
  }
  return (
    <div class={`note editing ${full ? 'full' : ''}`}>
      {state.theirs && <Conflict theirs={state.theirs} onKeepMine={props.onKeepMine} onTakeTheirs={props.onTakeTheirs} />}
      <div class="note-tools" role="toolbar" aria-label="Note">
        {!full && (
          <>
            <Button aria-pressed={!preview} onClick={() => setPreview(false)}>Edit</Button>
            <Button aria-pressed={preview} onClick={() => setPreview(true)}>Preview</Button>
          </>
        )}
        <NoteImages artifacts={artifacts} upload={upload} insert={insert} />
        <Button aria-pressed={full} onClick={props.onFull}>{full ? 'Leave full screen' : 'Full screen'}</Button>
      </div>
      {(!preview || full) && (
        <textarea
          ref={area}
          class="note-text"
          aria-label={`Note of ${of} in Markdown`}
          rows={10}
          value={draft}
          onInput={(event) => onEdit(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      )}
      {(preview || full) && (
        <div class="note-preview" aria-label="Preview">
          <Markdown text={draft} />
        </div>
      )}
      <div class="note-actions">
        <Button kind="primary" disabled={saving || Boolean(state.theirs)} onClick={onSave}>
          {saving ? 'Saving…' : 'Save'}
        </Button>
        <Button onClick={props.onDiscard}>{isChanged(state) ? 'Discard' : 'Close'}</Button>
        <span class="hint">Ctrl+Enter saves</span>
      </div>
    </div>
  )
}

interface ConflictProps {
  theirs: Note
  onKeepMine(): void
  onTakeTheirs(): void
}

function Conflict({ theirs, onKeepMine, onTakeTheirs }: ConflictProps) {
  return (
    <div class="note-conflict" role="alert">
      <p>Somebody else changed this note while you were writing. This is theirs:</p>
      <pre class="note-theirs">{theirs.body || '(empty)'}</pre>
      <div class="note-actions">
        <Button onClick={onKeepMine}>Keep mine (Save replaces theirs)</Button>
        <Button kind="danger" onClick={onTakeTheirs}>Take theirs (discard mine)</Button>
      </div>
    </div>
  )
}
