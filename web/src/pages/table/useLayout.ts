import { useState } from 'preact/hooks'
import { type Layout, parseLayout } from '../../logic/trials/columns'

/** Which columns the table of a study has, in which order and how wide; the browser remembers it. */
export function useLayout(studyId: number): [Layout, (layout: Layout) => void] {
  const name = `runbase.columns.${studyId}`
  const [layout, setLayout] = useState(() => parseLayout(stored(name)))
  const change = (next: Layout) => {
    setLayout(next)
    store(name, JSON.stringify(next))
  }
  return [layout, change]
}

// Storage can be forbidden or full: then nothing is remembered, and everything else works.
function stored(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

function store(name: string, text: string): void {
  try {
    localStorage.setItem(name, text)
  } catch {
    return
  }
}
