import { useEffect } from 'preact/hooks'

/** The title of the window: the page, what it shows, and the program. */
export function useTitle(...parts: (string | undefined)[]): void {
  const title = [...parts, 'Runbase'].filter(Boolean).join(' · ')
  useEffect(() => {
    document.title = title
  }, [title])
}
