import { useRef, useState } from 'preact/hooks'
import type { Artifact } from '../data/api.gen'
import { source } from '../data/source'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { toastError } from './toast'

interface NoteImagesProps {
  artifacts: Artifact[]
  upload?: ((file: File) => Promise<Artifact | undefined>) | undefined
  insert(name: string, url: string): void
}

const isImage = (artifact: Artifact) => artifact.mimetype.startsWith('image/')
/** As notes store it: from the root of the server, wherever that is. */
const stored = (url: string) => `/${url.replace(/^\/+/, '')}`

/** Puts a stored or a new image into a note. */
export function NoteImages({ artifacts, upload, insert }: NoteImagesProps) {
  const [open, setOpen] = useState(false)
  const [busy, setBusy] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const images = artifacts.filter(isImage)
  if (!upload && !images.length) return null

  const take = (artifact: Artifact) => {
    insert(artifact.filename, stored(artifact.url))
    setOpen(false)
  }
  const store = async (file: File | undefined) => {
    if (!file || !upload) return
    setBusy(true)
    try {
      const artifact = await upload(file)
      if (artifact) take(artifact)
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>Insert an image</Button>
      {open && (
        <Dialog title="Insert an image" onClose={() => setOpen(false)}>
          <div class="dialog-body image-choice">
            {images.map((artifact) => (
              <button type="button" key={artifact.artifact_id} class="image-offer" onClick={() => take(artifact)}>
                <img src={source().url(artifact.url)} alt="" loading="lazy" />
                <span>{artifact.filename}</span>
              </button>
            ))}
            {!images.length && <p>There is no image yet.</p>}
          </div>
          {upload && (
            <footer class="dialog-actions">
              <input
                ref={input}
                type="file"
                accept="image/*"
                hidden
                aria-label="Image to upload"
                onChange={(event) => void store(event.currentTarget.files?.[0])}
                onCancel={(event) => event.stopPropagation()}
              />
              <Button kind="primary" disabled={busy} onClick={() => input.current?.click()}>
                {busy ? 'Uploading…' : 'Upload an image'}
              </Button>
            </footer>
          )}
        </Dialog>
      )}
    </>
  )
}
