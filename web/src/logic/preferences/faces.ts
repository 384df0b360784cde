import type { Candidate, FeedbackComponent } from '../../data/api.gen'
import { runKindOf, type RunArtifactKind } from '../run/runArtifact'
import { kindOf } from '../trials/artifactKind'

export type FaceKind = RunArtifactKind | 'note' | 'params' | 'none'

/** How a candidate can be looked at; "none" where there is no file, "params" where there is no note. */
export function faceOf({ note, artifact }: Candidate, { output_type }: FeedbackComponent): FaceKind {
  if (output_type === 'note') return note.body ? 'note' : 'params'
  return artifact ? runKindOf({ ...artifact, is_table: kindOf(artifact) === 'sheet' }) : 'none'
}

/** How many times as wide as high a face is best. */
const ASPECTS: Partial<Record<FaceKind, number>> = {
  audio: 4, note: 1.6, params: 2, text: 1.6, json: 1.6, sheet: 1.6, figure: 1.5, page: 1.3, video: 1.4,
}

/** What suits most of them; pictures have an aspect of their own. */
export function aspectOf(kinds: readonly FaceKind[], picture = 1): number {
  const known = kinds.filter((kind) => kind !== 'none')
  return known.length ? known.reduce((sum, kind) => sum + (ASPECTS[kind] ?? picture), 0) / known.length : 1
}
