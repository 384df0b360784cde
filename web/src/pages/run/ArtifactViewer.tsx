import { useEffect } from 'preact/hooks'
import type { FigureJson } from '../../charts/PlotlyFigure'
import { Button, Dialog, Failed } from '../../components'
import { ArtifactView, Loaded } from '../../components/ArtifactView'
import { lazy } from '../../components/lazy'
import type { RunArtifact, RunDetails } from '../../data/api.gen'
import { source } from '../../data/source'
import { formatBytes, formatTime } from '../../logic/format'
import { runKindOf } from '../../logic/run/runArtifact'
import { RowsView } from './RowsView'

const PlotlyFigure = lazy(() => import('../../charts/PlotlyFigure'))

interface ViewerProps {
  run: RunDetails
  artifact: RunArtifact
  /** To the next or previous file; undefined where there is only one. */
  onStep: ((by: 1 | -1) => void) | undefined
  onClose(): void
}

/** A file in full; arrow keys go on to the next. */
export function ArtifactViewer({ run, artifact, onStep, onClose }: ViewerProps) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const step = ({ ArrowRight: 1, ArrowLeft: -1 } as const)[event.key]
      const isMedia = event.target instanceof HTMLElement && event.target.closest('audio, video, .plot, .figure-frame, [role=region], input')
      if (step && !isMedia) onStep?.(step)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [onStep])
  const { filename, mimetype, size, sha256, time_created: created } = artifact
  return (
    <Dialog title={filename} class="wide artifact-dialog" onClose={onClose}>
      <div class="dialog-body artifact-full">
        <View key={artifact.artifact_id} run={run} artifact={artifact} />
      </div>
      <footer class="dialog-actions">
        <span class="hint" title={sha256 ? `SHA-256 ${sha256}` : undefined}>
          {[mimetype, size !== null && formatBytes(size), created !== null && formatTime(created)].filter(Boolean).join(' · ')}
        </span>
        <span class="spacer" />
        {onStep && (
          <>
            <Button kind="icon" aria-label="Previous file" onClick={() => onStep(-1)}>‹</Button>
            <Button kind="icon" aria-label="Next file" onClick={() => onStep(1)}>›</Button>
          </>
        )}
        <a class="button" href={source().url(artifact.url)} download={filename.split('/').at(-1)}>
          Download
        </a>
      </footer>
    </Dialog>
  )
}

function View({ run, artifact }: { run: RunDetails; artifact: RunArtifact }) {
  switch (runKindOf(artifact)) {
    case 'figure':
      return <Loaded artifact={artifact}>{(text) => <Figure text={text} label={artifact.filename} />}</Loaded>
    case 'page':
      // Nothing in it runs, and it belongs to no origin: the server says the same of the file.
      return <iframe class="artifact-page" sandbox="" src={source().url(artifact.url)} title={artifact.filename} />
    case 'sheet':
      return <RowsView run={run} artifact={artifact} />
    default:
      return <ArtifactView artifact={artifact} />
  }
}

function Figure({ text, label }: { text: string; label: string }) {
  const figure = parsed(text)
  return figure ? <PlotlyFigure figure={figure} label={label} /> : <Failed error={new Error('This is no figure of Plotly.')} />
}

const figures = new Map<string, FigureJson | undefined>()

/** The figure that the text is; the same object for the same text, so that it is drawn once. */
function parsed(text: string): FigureJson | undefined {
  if (!figures.has(text)) {
    figures.clear()
    try {
      const value: unknown = JSON.parse(text)
      figures.set(text, typeof value === 'object' && value !== null && 'data' in value ? (value as FigureJson) : undefined)
    } catch {
      figures.set(text, undefined)
    }
  }
  return figures.get(text)
}

