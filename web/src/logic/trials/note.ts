import type { Note } from '../../data/api.gen'

export interface NoteState {
  /** What the server has, as far as this page knows. */
  stored: Note
  /** The unsaved text; undefined while nobody edits. */
  draft?: string
  /** What somebody else wrote while this was edited. */
  theirs?: Note
}

export const isChanged = (state: NoteState): boolean => state.draft !== undefined && state.draft !== state.stored.body

/** The server shows another note: taken over unless somebody edits here, who is told instead. */
export function arrived(state: NoteState, note: Note): NoteState {
  if (note.version <= state.stored.version) return state
  if (state.draft === undefined || state.draft === note.body) return { ...state, stored: note }
  return state.theirs && note.version <= state.theirs.version ? state : { ...state, theirs: note }
}

export const opened = (state: NoteState): NoteState => ({ ...state, draft: state.draft ?? state.stored.body })

export const edited = (state: NoteState, draft: string): NoteState => ({ ...state, draft })

/** What to send: it replaces the stored note only if nobody wrote meanwhile. */
export const toSend = (state: NoteState): Note => ({ version: state.stored.version + 1, body: state.draft ?? '' })

export const saved = (state: NoteState, note: Note): NoteState => ({
  stored: note,
  ...(state.draft !== undefined && state.draft !== note.body ? { draft: state.draft } : {}),
})

/** The server refused because somebody wrote meanwhile. */
export const refused = (state: NoteState, theirs: Note): NoteState => ({ ...state, theirs })

/** Keep the own text; saving it now replaces theirs. */
export const keptMine = (state: NoteState): NoteState => ({ stored: state.theirs ?? state.stored, draft: state.draft ?? '' })

export const tookTheirs = (state: NoteState): NoteState => ({ stored: state.theirs ?? state.stored })

/** An image of an artifact in Markdown, put at the cursor; its text cannot end the brackets. */
export function withImage(text: string, from: number, to: number, name: string, url: string): string {
  const alt = name.replace(/[[\]\\]/g, ' ')
  return `${text.slice(0, from)}![${alt}](${url})${text.slice(to)}`
}
