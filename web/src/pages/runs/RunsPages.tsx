import { useEffect } from 'preact/hooks'
import { Empty, ErrorBoundary } from '../../components'
import { lazy } from '../../components/lazy'
import { CODE } from './code'
import { RunsFrame } from './RunsFrame'

type Name = keyof typeof CODE
/** Milliseconds after which the page has what it shows. */
const CALM = 2000
const PAGES = Object.fromEntries(Object.entries(CODE).map(([name, code]) => [name, lazy(code)]))

/** The pages of the runs of an experiment, or of all experiments. */
export default function RunsPages({ id, page }: { id: number | undefined; page: string }) {
  const Page = PAGES[page]
  // Its code comes together with the catalogue, not after it; what fails is tried again when shown.
  useEffect(() => void CODE[page as Name]?.().catch(() => undefined), [page])
  // That of the other pages comes when nobody waits for anything.
  useEffect(() => {
    const timer = setTimeout(() => Object.values(CODE).forEach((load) => void load().catch(() => undefined)), CALM)
    return () => clearTimeout(timer)
  }, [])
  return (
    <RunsFrame id={id} page={page}>
      <ErrorBoundary reset={page}>{Page ? <Page key={page} /> : <Empty>There is no such page.</Empty>}</ErrorBoundary>
    </RunsFrame>
  )
}
