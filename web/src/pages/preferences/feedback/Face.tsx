import { useEffect, useMemo } from 'preact/hooks'
import type { FigureJson } from '../../../charts/PlotlyFigure'
import { Button, Failed, Markdown } from '../../../components'
import { ArtifactView, Loaded } from '../../../components/ArtifactView'
import { lazy } from '../../../components/lazy'
import type { Artifact, Candidate, FeedbackComponent } from '../../../data/api.gen'
import { source } from '../../../data/source'
import { formatValue } from '../../../logic/format'
import { type FaceKind, faceOf } from '../../../logic/preferences/faces'
import { useMedia } from '../../../logic/useMedia'
import { check, isUnreadable, readAgain } from './unreadable'
import { PATIENCE, useLate } from './useLate'

/** Whatever loads them says itself that it cannot. */
const MEDIA: FaceKind[] = ['image', 'video', 'audio']
const PlotlyFigure = lazy(() => import('../../../charts/PlotlyFigure'))

interface FaceProps {
  candidate: Candidate
  component: FeedbackComponent
  /** Whether there is something to judge. */
  isThere: boolean
  /** With all controls, since a tap is no answer there. */
  isLarge?: boolean
}

/** What people judge: a picture, a sound, a text, or whatever the study shows of a trial. */
export function Face({ candidate, component, isThere, isLarge = false }: FaceProps) {
  const { number, note, artifact } = candidate
  const kind = faceOf(candidate, component)
  const isLost = isUnreadable(artifact)
  const isChecked = artifact !== null && !isLost && !MEDIA.includes(kind)
  useEffect(() => {
    if (isChecked) void check(artifact)
  }, [isChecked, artifact?.url])
  if (artifact && isLost) return <Unreadable artifact={artifact} />
  if (!isThere) return <Missing candidate={candidate} component={component} />
  if (kind === 'note') return <div class="face-text"><Markdown text={note.body} /></div>
  if (kind === 'params') return <div class="face-text"><Params of={candidate} /></div>
  const file = artifact!
  const url = source().url(file.url)
  switch (kind) {
    case 'image':
      return <img src={url} alt={`Trial ${number}: ${file.filename}`} draggable={false} decoding="sync" />
    case 'video':
      return <Film url={url} label={`Trial ${number}: ${file.filename}`} isLarge={isLarge} />
    case 'audio':
      return (
        <div class="face-sound">
          <span aria-hidden="true">♪</span>
          <audio src={url} controls preload="auto" aria-label={`Trial ${number}: ${file.filename}`} />
        </div>
      )
    case 'figure':
      return <Loaded artifact={file}>{(text) => <Figure text={text} label={file.filename} />}</Loaded>
    case 'json':
      return (
        <Loaded artifact={file}>
          {(text) => (parsed(text)?.layout ? <Figure text={text} label={file.filename} /> : <Text artifact={file} />)}
        </Loaded>
      )
    case 'page':
      // Nothing in it runs, and it belongs to no origin: the server says the same of the file.
      return <iframe class="face-page" sandbox="" src={url} title={file.filename} tabIndex={isLarge ? 0 : -1} />
    case 'other':
      return <Download artifact={file} />
    default:
      return <Text artifact={file} />
  }
}

function Text({ artifact }: { artifact: Artifact }) {
  const isMarkdown = /\.(md|markdown)$/i.test(artifact.filename)
  return (
    <div class="face-text">
      {isMarkdown ? <Loaded artifact={artifact}>{(text) => <Markdown text={text} />}</Loaded> : <ArtifactView artifact={artifact} />}
    </div>
  )
}

function Unreadable({ artifact }: { artifact: Artifact }) {
  return (
    <div class="face-missing">
      <p>{artifact.filename} cannot be read. Is it still there, and was --artifact-dir given?</p>
      <Button onClick={() => readAgain(artifact)}>Try again</Button>
    </div>
  )
}

/** The parameters of a trial. */
export function Params({ of }: { of: Candidate }) {
  const params = Object.entries(of.params)
  if (!params.length) return <p class="muted">No parameters yet.</p>
  return (
    <dl class="face-params">
      {params.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd title={String(value)}>{formatValue(value)}</dd>
        </>
      ))}
    </dl>
  )
}

function Missing({ candidate, component }: { candidate: Candidate; component: FeedbackComponent }) {
  const isLate = useLate(PATIENCE)
  const isNote = component.output_type === 'note'
  if (candidate.status === 'RUNNING' && !isLate) {
    return <div class="face-missing coming">Its {isNote ? 'note' : 'file'} is not there yet</div>
  }
  return (
    <div class="face-missing">
      {isNote ? 'It has no note' : `It has no file “${component.artifact_key}”: no user attribute of this name holds the id of a file of the trial`}
      {candidate.status === 'RUNNING' && '. Is its program running?'}
    </div>
  )
}

/** Moves without sound beside the others; in large it can be stopped and heard. */
function Film({ url, label, isLarge }: { url: string; label: string; isLarge: boolean }) {
  const isStill = useMedia('(prefers-reduced-motion: reduce)')
  return (
    <video src={url} muted={!isLarge} loop playsInline autoplay={!isStill} controls={isLarge} preload="auto" aria-label={label} />
  )
}

function Figure({ text, label }: { text: string; label: string }) {
  const figure = useMemo(() => parsed(text), [text])
  return figure ? <PlotlyFigure figure={figure} label={label} /> : <Failed error={new Error('This is no figure of Plotly.')} />
}

function parsed(text: string): FigureJson | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'data' in value ? (value as FigureJson) : undefined
  } catch {
    return undefined
  }
}

function Download({ artifact }: { artifact: Artifact }) {
  return (
    <div class="face-sound">
      <span aria-hidden="true">⬚</span>
      <a class="button" href={source().url(artifact.url)} download={artifact.filename}>
        Download {artifact.filename}
      </a>
    </div>
  )
}
