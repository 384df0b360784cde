import { useState } from 'preact/hooks'
import { type Layout, parseLayout } from '../../logic/trials/columns'
import { read, write } from '../../state/store'

/** Which columns the table of a study has, in which order and how wide; the browser remembers it. */
export function useLayout(studyId: number): [Layout, (layout: Layout) => void] {
  const name = `runbase.columns.${studyId}`
  const [layout, setLayout] = useState(() => parseLayout(read(name)))
  const change = (next: Layout) => {
    setLayout(next)
    write(name, JSON.stringify(next))
  }
  return [layout, change]
}
