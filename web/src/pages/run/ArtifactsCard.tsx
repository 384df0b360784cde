import { useState } from 'preact/hooks'
import { Button, Card, confirmDialog, toast, toastError } from '../../components'
import { ICONS, Thumbnail } from '../../components/ArtifactView'
import { UploadTile } from '../../components/Artifacts'
import type { RunArtifact, RunDetails } from '../../data/api.gen'
import { source } from '../../data/source'
import { formatBytes, formatCount } from '../../logic/format'
import { runKindOf, sorted } from '../../logic/run/runArtifact'
import { ArtifactViewer } from './ArtifactViewer'
import '../../components/artifacts.css'

const SOME = 48

/** The files of a run: seen, downloaded, added and deleted. */
export function ArtifactsCard({ run, onChange }: { run: RunDetails; onChange(): void }) {
  const [shown, setShown] = useState<string | undefined>()
  const [all, setAll] = useState(false)
  const [isOver, setOver] = useState(false)
  const [busy, setBusy] = useState(false)
  const files = sorted(run.artifacts)
  if (!files.length && !run.can_upload) return null

  const upload = async (chosen: Iterable<File>) => {
    setBusy(true)
    for (const file of chosen) {
      try {
        await source().uploadToRun(run.id, file)
        toast(`${file.name} is stored.`)
      } catch (error) {
        toastError(error)
      }
    }
    setBusy(false)
    onChange()
  }
  const remove = async (artifact: RunArtifact) => {
    const body = <p>{artifact.filename} cannot be brought back.</p>
    if (!(await confirmDialog({ title: 'Delete the file?', body, action: 'Delete', danger: true }))) return
    try {
      await source().deleteRunArtifact(run.id, artifact.artifact_id)
    } catch (error) {
      toastError(error)
    }
    onChange()
  }
  const drop = run.can_upload && {
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
  const seen = files.filter((artifact) => runKindOf(artifact) !== 'other')
  const at = seen.findIndex(({ artifact_id }) => artifact_id === shown)
  const step = (by: number) => setShown(seen[(at + by + seen.length) % seen.length]?.artifact_id)
  return (
    <Card title="Artifacts" class="run-artifacts">
      <div class={`artifacts ${isOver ? 'over' : ''}`} {...drop}>
        {(all ? files : files.slice(0, SOME)).map((artifact) => (
          <Tile
            key={artifact.artifact_id}
            artifact={artifact}
            onShow={() => setShown(artifact.artifact_id)}
            onDelete={run.can_edit && artifact.is_own ? () => void remove(artifact) : undefined}
          />
        ))}
        {run.can_upload && <UploadTile busy={busy} onFiles={(chosen) => void upload(chosen)} />}
      </div>
      {!all && files.length > SOME && (
        <p class="hint">
          {SOME} of {formatCount(files.length)} files <Button onClick={() => setAll(true)}>Show all</Button>
        </p>
      )}
      {seen[at] && (
        <ArtifactViewer
          run={run}
          artifact={seen[at]}
          onStep={seen.length > 1 ? step : undefined}
          onClose={() => setShown(undefined)}
        />
      )}
    </Card>
  )
}

interface TileProps {
  artifact: RunArtifact
  onShow(): void
  onDelete: (() => void) | undefined
}

function Tile({ artifact, onShow, onDelete }: TileProps) {
  const { filename, mimetype, size, older } = artifact
  const kind = runKindOf(artifact)
  const facts = [size === null ? mimetype : formatBytes(size), older > 0 && `${older} older`]
  return (
    <figure class="artifact">
      {kind === 'figure' || kind === 'page' || kind === 'sheet' ? (
        <button type="button" class="artifact-face" tabIndex={-1} aria-hidden="true" onClick={onShow}>
          <span class="artifact-icon">{FACES[kind]}</span>
        </button>
      ) : (
        <Thumbnail artifact={artifact} onShow={kind === 'other' ? undefined : onShow} />
      )}
      <figcaption>
        <span class="artifact-name" title={`${filename} (${mimetype})`}>{filename}</span>
        <span class="hint">{facts.filter(Boolean).join(' · ')}</span>
        <span class="artifact-actions">
          {kind !== 'other' && (
            <Button kind="icon" aria-label={`Show ${filename}`} title="Show" onClick={onShow}>
              ⤢
            </Button>
          )}
          <a
            class="button icon"
            href={source().url(artifact.url)}
            download={filename.split('/').at(-1)}
            aria-label={`Download ${filename}`}
            title="Download"
          >
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

const FACES = { ...ICONS, figure: '◔', page: '☰' }
