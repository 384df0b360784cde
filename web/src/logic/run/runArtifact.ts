import type { RunArtifact } from '../../data/api.gen'
import { type ArtifactKind, kindOf } from '../trials/artifactKind'

export type RunArtifactKind = ArtifactKind | 'figure' | 'page'

const PLOTLY = 'application/vnd.plotly.v1+json'

/** How a file of a run can be looked at; "other" can only be downloaded. */
export function runKindOf(artifact: Pick<RunArtifact, 'filename' | 'mimetype' | 'is_table'>): RunArtifactKind {
  if (artifact.mimetype === PLOTLY || artifact.filename.endsWith('.plotly.json')) return 'figure'
  if (artifact.mimetype === 'text/html') return 'page'
  if (artifact.is_table) return 'sheet'
  const kind = kindOf(artifact)
  return kind === 'sheet' ? 'text' : kind
}

const ORDER: RunArtifactKind[] = ['image', 'figure', 'video', 'audio', 'sheet', 'page', 'json', 'text', 'other']

/** What can be seen at a glance comes first, each kind by name. */
export function sorted(artifacts: readonly RunArtifact[]): RunArtifact[] {
  const place = (artifact: RunArtifact) => ORDER.indexOf(runKindOf(artifact))
  return [...artifacts].sort((a, b) => place(a) - place(b) || a.filename.localeCompare(b.filename, 'en', { numeric: true }))
}
