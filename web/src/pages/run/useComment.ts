import type { Note, RunDetails } from '../../data/api.gen'
import { ApiError, source } from '../../data/source'
import { seenOf } from '../../logic/run/naming'

/** The texts that this window saw of each run's comment, oldest first: their places are versions. */
const texts = new Map<number, string[]>()

/** The comment of a tracked run as a note: it replaces only what its writer has seen. */
export function useComment(run: RunDetails, onChange: () => void): { note: Note; put(note: Note): Promise<void> } {
  const known = seen(run.id, run.comment ?? '')
  const put = async ({ version, body }: Note) => {
    try {
      await source().changeRun(run.id, { comment: body, seen: { ...seenOf(run), comment: known[version - 1] ?? '' } })
    } catch (error) {
      const stored = storedIn(error)
      if (stored === undefined || !(error instanceof ApiError)) throw error
      const theirs = seen(run.id, stored)
      throw new ApiError(409, error.reason, { note: { version: theirs.length - 1, body: stored } })
    }
    known[version] = body
    onChange()
  }
  return { note: { version: known.length - 1, body: known.at(-1) ?? '' }, put }
}

function seen(id: number, text: string): string[] {
  const known = texts.get(id) ?? [text]
  if (known.at(-1) !== text) known.push(text)
  texts.set(id, known)
  return known
}

/** What somebody else wrote meanwhile, if that is what went wrong. */
function storedIn(error: unknown): string | undefined {
  if (!(error instanceof ApiError) || error.status !== 409) return undefined
  const { stored } = error.body as { stored?: { comment: string | null } }
  return stored && (stored.comment ?? '')
}
