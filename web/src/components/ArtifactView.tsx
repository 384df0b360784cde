import './trialParts.css'
import { useState } from 'preact/hooks'
import type { Artifact } from '../data/api.gen'
import { useQuery } from '../data/query'
import { source } from '../data/source'
import { formatBytes, formatCount } from '../logic/format'
import { type ArtifactKind, isJsonLines, kindOf, separatorOf } from '../logic/trials/artifactKind'
import { type Sheet, csvSheet, jsonLinesSheet } from '../logic/trials/delimited'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { Failed, Spinner } from './feedback'
import './artifacts.css'

export const ICONS: Record<ArtifactKind, string> = {
  image: '', video: '▶', audio: '♪', sheet: '▦', json: '{ }', text: '≡', other: '⬚',
}
const MAX_TEXT = 10_000_000
const TOO_LARGE = 'This file is too large to be shown here: download it.'
const ROWS = 500

/** A small picture of a file; a click shows it in full. */
export function Thumbnail({ artifact, onShow }: { artifact: Artifact; onShow?: (() => void) | undefined }) {
  const kind = kindOf(artifact)
  const url = source().url(artifact.url)
  if (kind === 'audio') return <audio class="artifact-face" controls preload="none" src={url} aria-label={artifact.filename} />
  const face =
    kind === 'image' ? <img src={url} alt={artifact.filename} loading="lazy" /> :
    kind === 'video' ? <video src={url} preload="metadata" muted aria-label={artifact.filename} /> :
    <span class="artifact-icon" aria-hidden="true">{ICONS[kind]}</span>
  if (!onShow) return <div class="artifact-face">{face}</div>
  return (
    <button type="button" class="artifact-face" tabIndex={-1} aria-hidden="true" onClick={onShow}>
      {face}
    </button>
  )
}

export function ArtifactDialog({ artifact, onClose }: { artifact: Artifact; onClose(): void }) {
  const url = source().url(artifact.url)
  return (
    <Dialog title={artifact.filename} class="wide artifact-dialog" onClose={onClose}>
      <div class="dialog-body artifact-full">
        <ArtifactView artifact={artifact} />
      </div>
      <footer class="dialog-actions">
        <span class="hint">
          {artifact.mimetype}
          {artifact.size !== null && ` · ${formatBytes(artifact.size)}`}
        </span>
        <a class="button" href={url} download={artifact.filename}>
          Download
        </a>
      </footer>
    </Dialog>
  )
}

export function ArtifactView({ artifact }: { artifact: Artifact }) {
  const url = source().url(artifact.url)
  switch (kindOf(artifact)) {
    case 'image':
      return <img src={url} alt={artifact.filename} />
    case 'video':
      return <video src={url} controls autoplay={false} aria-label={artifact.filename} />
    case 'audio':
      return <audio src={url} controls aria-label={artifact.filename} />
    case 'sheet':
      return <Loaded artifact={artifact}>{(text) => <SheetView sheet={sheetOf(artifact, text)} />}</Loaded>
    case 'json':
      return <Loaded artifact={artifact}>{(text) => <pre>{indented(text)}</pre>}</Loaded>
    case 'text':
      return <Loaded artifact={artifact}>{(text) => <pre>{text}</pre>}</Loaded>
    case 'other':
      return <p>This kind of file can only be downloaded.</p>
  }
}

const sheetOf = (artifact: Artifact, text: string): Sheet =>
  isJsonLines(artifact) ? jsonLinesSheet(text) : csvSheet(text, separatorOf(artifact))

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** The text of a file, unless it is too large to be shown. */
export function Loaded({ artifact, children }: { artifact: Pick<Artifact, 'url' | 'size'>; children(text: string): preact.ComponentChildren }) {
  const isLarge = (artifact.size ?? 0) > MAX_TEXT
  const load = async (signal: AbortSignal) => {
    const response = await fetch(source().url(artifact.url), { signal, credentials: 'same-origin' })
    if (!response.ok) throw new Error(`The file cannot be read: ${response.status} ${response.statusText}`)
    if (Number(response.headers.get('Content-Length')) > MAX_TEXT) throw new Error(TOO_LARGE)
    return response.text()
  }
  const { data, error, reload } = useQuery(`artifact/${artifact.url}`, load, { enabled: !isLarge })
  if (isLarge) return <p>{TOO_LARGE}</p>
  if (error) return <Failed error={error} retry={reload} />
  return data === undefined ? <Spinner /> : <>{children(data)}</>
}

function SheetView({ sheet }: { sheet: Sheet }) {
  const [many, setMany] = useState(ROWS)
  return (
    <div class="sheet">
      <table>
        <thead>
          <tr>
            {sheet.columns.map((column, place) => (
              <th key={place} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sheet.rows.slice(0, many).map((row, place) => (
            <tr key={place}>
              {sheet.columns.map((_, column) => (
                <td key={column}>{row[column]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        {formatCount(Math.min(many, sheet.rows.length))} of {formatCount(sheet.rows.length)} rows{' '}
        {many < sheet.rows.length && <Button onClick={() => setMany(many + ROWS)}>More rows</Button>}
      </p>
    </div>
  )
}
