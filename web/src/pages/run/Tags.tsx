import { useState } from 'preact/hooks'
import { Button, toastError } from '../../components'
import type { RunDetails } from '../../data/api.gen'
import { source } from '../../data/source'
import { seenOf } from '../../logic/run/naming'

/** The tags of a run, which people add and take away. */
export function Tags({ run, onChange }: { run: RunDetails; onChange(): void }) {
  const [draft, setDraft] = useState<string | undefined>()
  const change = async (tags: string[]) => {
    try {
      await source().changeRun(run.id, { tags, seen: seenOf(run) })
    } catch (error) {
      toastError(error)
    }
    onChange()
  }
  const add = (text: string) => {
    setDraft(undefined)
    const added = text.split(',').map((tag) => tag.trim()).filter((tag) => tag && !run.tags.includes(tag))
    if (added.length) void change([...run.tags, ...new Set(added)])
  }
  if (!run.can_edit && !run.tags.length) return null
  return (
    <ul class="run-tags" aria-label="Tags">
      {run.tags.map((tag) => (
        <li key={tag} class="chip">
          <span title={tag}>{tag}</span>
          {run.can_edit && (
            <button
              type="button"
              class="chip-remove"
              aria-label={`Remove the tag ${tag}`}
              onClick={() => void change(run.tags.filter((other) => other !== tag))}
            >
              ✕
            </button>
          )}
        </li>
      ))}
      {run.can_edit && (
        <li>
          {draft === undefined ? (
            <Button class="small" onClick={() => setDraft('')}>+ Tag</Button>
          ) : (
            <input
              class="tag-input"
              type="text"
              aria-label="New tag"
              placeholder="tag, another"
              autocomplete="off"
              ref={(input) => input?.focus()}
              value={draft}
              onInput={(event) => setDraft(event.currentTarget.value)}
              onBlur={() => draft.trim() || setDraft(undefined)}
              onKeyDown={(event) => {
                if (event.key === 'Enter') add(draft)
                else if (event.key === 'Escape') setDraft(undefined)
              }}
            />
          )}
        </li>
      )}
    </ul>
  )
}
