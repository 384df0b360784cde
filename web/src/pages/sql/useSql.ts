import { useEffect, useRef, useState } from 'preact/hooks'
import type { SqlResult } from '../../data/api.gen'
import { ApiError, source } from '../../data/source'
import type { Grid } from '../../logic/sql/cells'
import { remember } from '../../logic/sql/history'
import { placeIn } from '../../logic/sql/tokens'

export interface Mistake {
  query: string
  reason: string
  /** Where it is in the query, if that is known. */
  place: number | undefined
}

export type SqlAnswer = Grid & Pick<SqlResult, 'seconds' | 'truncated'> & { query: string }

/** Runs queries, one at a time; leaving the page gives up the one that runs. */
export function useSql() {
  const [answer, setAnswer] = useState<SqlAnswer | undefined>()
  const [mistake, setMistake] = useState<Mistake | undefined>()
  const [isRunning, setRunning] = useState(false)
  const running = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => running.current?.abort(), [])

  const cancel = () => {
    running.current?.abort()
    running.current = undefined
    setRunning(false)
  }
  const run = async (query: string, limit: number) => {
    cancel()
    const own = new AbortController()
    running.current = own
    setRunning(true)
    setMistake(undefined)
    try {
      const found = await source().sql({ query, limit }, own.signal)
      if (running.current !== own) return
      setAnswer({ ...(found as SqlResult & Grid), query })
      remember({ query, at: Date.now(), rows: found.rows.length, seconds: found.seconds })
    } catch (error) {
      if (running.current !== own) return
      setMistake(mistakeOf(query, error))
    }
    setRunning(false)
  }
  return { answer, mistake, isRunning, run, cancel }
}

function mistakeOf(query: string, error: unknown): Mistake {
  const reason = error instanceof Error ? error.message : String(error)
  const body = error instanceof ApiError ? (error.body as { position?: number | null }) : {}
  const place = typeof body.position === 'number' ? placeIn(query, body.position) : undefined
  return { query, reason, place }
}
