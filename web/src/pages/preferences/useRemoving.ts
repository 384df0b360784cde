import { useEffect, useState } from 'preact/hooks'
import { toastError } from '../../components'
import type { Answer } from '../../data/api.gen'
import { source } from '../../data/source'

interface Pending {
  removed: boolean
  /** The server has it, and will say so. */
  done: boolean
}

/** Removes and restores answers: shown at once, and taken back where the server refuses. */
export function useRemoving(studyId: number, data: unknown, reload: () => void) {
  const [pending, setPending] = useState<ReadonlyMap<string, Pending>>(new Map())
  const put = (id: string, state: Pending | null) =>
    setPending((old) => {
      const next = new Map(old)
      if (state) next.set(id, state)
      else next.delete(id)
      return next
    })
  // What comes from the server after it has taken a change knows of it.
  useEffect(() => setPending((old) => new Map([...old].filter(([, { done }]) => !done))), [data])
  const change = async ({ id }: Answer, removed: boolean) => {
    put(id, { removed, done: false })
    try {
      await (removed ? source().removeAnswer(studyId, id) : source().restoreAnswer(studyId, id))
      put(id, { removed, done: true })
      reload()
    } catch (error) {
      put(id, null)
      toastError(error)
    }
  }
  const isRemoved = ({ id, is_removed }: Answer) => pending.get(id)?.removed ?? is_removed
  return { isRemoved, change }
}
