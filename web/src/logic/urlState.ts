import { useCallback } from 'preact/hooks'
import { navigate, useSearch } from 'wouter-preact/use-browser-location'
import { joinList, splitList } from './lists'

/** The query string with `name` set to `value`; without it, where the value is the fallback. */
export function withParameter(
  search: string,
  name: string,
  value: string,
  fallback: string,
): string {
  const parameters = new URLSearchParams(search)
  if (value === fallback) parameters.delete(name)
  else parameters.set(name, value)
  const text = parameters.toString()
  return text && `?${text}`
}

/** A piece of view state that lives in the query string, so that a link shows the same view. */
export function useUrlState(name: string, fallback: string): [string, (value: string) => void] {
  const value = new URLSearchParams(useSearch()).get(name) ?? fallback
  const set = useCallback(
    (next: string) => {
      // Not from the hook: two setters in one event must both be kept.
      const { pathname, search, hash } = window.location
      const changed = withParameter(search, name, next, fallback)
      if (changed !== search) navigate(pathname + changed + hash, { replace: true })
    },
    [name, fallback],
  )
  return [value, set]
}

/** As `useUrlState`, for a list of texts. */
export function useUrlList(name: string): [string[], (items: string[]) => void] {
  const [text, setText] = useUrlState(name, '')
  return [splitList(text), (items) => setText(joinList(items))]
}
