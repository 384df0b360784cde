import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Markdown } from '../../components'
import { ArtifactDialog, Thumbnail } from '../../components/ArtifactView'
import type { Candidate, FeedbackComponent } from '../../data/api.gen'
import { formatValue } from '../../logic/format'
import { faceOf } from '../../logic/preferences/faces'
import { kindOf } from '../../logic/trials/artifactKind'
import './smallCard.css'

interface SmallCardProps {
  studyId: number
  number: number
  /** What is known of the trial, if it is still there. */
  candidate: Candidate | undefined
  component: FeedbackComponent
  class?: string | undefined
  /** What is said about the trial, beside its name. */
  badge?: ComponentChildren
  children?: ComponentChildren
}

/** A trial as people saw it when they compared it, in small; its picture opens in full. */
export function SmallCard({ studyId, number, candidate, component, class: classes = '', badge, children }: SmallCardProps) {
  return (
    <article class={`small-card ${classes}`} aria-label={`Trial ${number}`}>
      <div class="small-face">{candidate ? <Face candidate={candidate} component={component} /> : <p class="muted">Not there any more</p>}</div>
      <footer class="small-foot">
        <Link href={`/studies/${studyId}/trials?numbers=${number}`}>Trial {number}</Link>
        {badge}
      </footer>
      {children}
    </article>
  )
}

function Face({ candidate, component }: { candidate: Candidate; component: FeedbackComponent }) {
  const [isOpen, setOpen] = useState(false)
  const { note, artifact, number } = candidate
  const kind = faceOf(candidate, component)
  if (kind === 'note') return <Markdown text={note.body} />
  if (kind === 'params' || !artifact) return <Params of={candidate} />
  const opens = kindOf(artifact) !== 'other'
  return (
    <>
      <Thumbnail artifact={artifact} onShow={opens ? () => setOpen(true) : undefined} />
      {opens && (
        <button type="button" class="small-open" aria-label={`Show ${artifact.filename} of trial ${number}`} onClick={() => setOpen(true)}>
          ⤢
        </button>
      )}
      {isOpen && <ArtifactDialog artifact={artifact} onClose={() => setOpen(false)} />}
    </>
  )
}

function Params({ of }: { of: Candidate }) {
  const params = Object.entries(of.params)
  if (!params.length) return <p class="muted">No parameters</p>
  return (
    <dl class="pairs">
      {params.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd title={String(value)}>{formatValue(value)}</dd>
        </>
      ))}
    </dl>
  )
}
