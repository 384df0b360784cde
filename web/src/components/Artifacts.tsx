import './trialParts.css'
import { useRef, useState } from 'preact/hooks'
import type { Artifact } from '../data/api.gen'
import { source } from '../data/source'
import { formatBytes } from '../logic/format'
import { kindOf } from '../logic/trials/artifactKind'
import { meta, readOnly } from '../state/session'
import { ArtifactDialog, Thumbnail } from './ArtifactView'
import { Button } from './Button'
import { confirmDialog } from './confirm'
import { toast, toastError } from './toast'
import './artifacts.css'

interface ArtifactsProps {
  studyId: number
  /** Undefined or null for the files of the study itself. */
  trialId?: number | null | undefined
  artifacts: Artifact[]
  /** Whether files may be added and deleted. */
  editable?: boolean | undefined
  onChange?: (() => void) | undefined
}

/** Files of a study or a trial: seen, downloaded, and where it is allowed added and deleted. */
export function Artifacts({ studyId, trialId = null, artifacts, editable = false, onChange }: ArtifactsProps) {
  const [shown, setShown] = useState<Artifact | undefined>()
  const [isOver, setOver] = useState(false)
  const [busy, setBusy] = useState(0)
  const canEdit = editable && !readOnly.value
  const canUpload = canEdit && (meta.value?.artifact_is_available ?? false)

  const upload = async (files: Iterable<File>) => {
    for (const file of files) {
      setBusy((now) => now + 1)
      try {
        await source().upload(studyId, trialId, file)
        toast(`${file.name} is stored.`)
        onChange?.()
      } catch (error) {
        toastError(error)
      } finally {
        setBusy((now) => now - 1)
      }
    }
  }
  const remove = async (artifact: Artifact) => {
    const body = <p>{artifact.filename} cannot be brought back.</p>
    if (!(await confirmDialog({ title: 'Delete the file?', body, action: 'Delete', danger: true }))) return
    try {
      await source().deleteArtifact(studyId, trialId, artifact.artifact_id)
      onChange?.()
    } catch (error) {
      toastError(error)
    }
  }
  const drop = canUpload && {
    onDragOver: (event: DragEvent) => {
      event.preventDefault()
      setOver(true)
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault()
      setOver(false)
      void upload(event.dataTransfer?.files ?? [])
    },
  }
  return (
    <div class={`artifacts ${isOver ? 'over' : ''}`} {...drop}>
      {artifacts.map((artifact) => (
        <ArtifactTile
          key={artifact.artifact_id}
          artifact={artifact}
          onShow={() => setShown(artifact)}
          onDelete={canEdit ? () => void remove(artifact) : undefined}
        />
      ))}
      {canUpload && <UploadTile busy={busy > 0} onFiles={(files) => void upload(files)} />}
      {!canUpload && artifacts.length === 0 && <p class="hint">No files.</p>}
      {shown && <ArtifactDialog artifact={shown} onClose={() => setShown(undefined)} />}
    </div>
  )
}

interface TileProps {
  artifact: Artifact
  onShow(): void
  onDelete?: (() => void) | undefined
}

function ArtifactTile({ artifact, onShow, onDelete }: TileProps) {
  const { filename, mimetype, size, url } = artifact
  const canShow = kindOf(artifact) !== 'other'
  return (
    <figure class="artifact">
      <Thumbnail artifact={artifact} onShow={canShow ? onShow : undefined} />
      <figcaption>
        <span class="artifact-name" title={`${filename} (${mimetype})`}>
          {filename}
        </span>
        <span class="hint">{size === null ? mimetype : formatBytes(size)}</span>
        <span class="artifact-actions">
          {canShow && (
            <Button kind="icon" aria-label={`Show ${filename}`} title="Show" onClick={onShow}>
              ⤢
            </Button>
          )}
          <a class="button icon" href={source().url(url)} download={filename} aria-label={`Download ${filename}`} title="Download">
            ↓
          </a>
          {onDelete && (
            <Button kind="icon" aria-label={`Delete ${filename}`} title="Delete" onClick={onDelete}>
              ✕
            </Button>
          )}
        </span>
      </figcaption>
    </figure>
  )
}

export function UploadTile({ busy, onFiles }: { busy: boolean; onFiles(files: File[]): void }) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div class="artifact-upload">
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="File to upload"
        onChange={(event) => {
          const element = event.currentTarget
          onFiles([...(element.files ?? [])])
          element.value = ''
        }}
      />
      <Button disabled={busy} onClick={() => input.current?.click()}>
        {busy ? 'Uploading…' : 'Upload a file'}
      </Button>
      <span class="hint">or drop files here</span>
    </div>
  )
}
