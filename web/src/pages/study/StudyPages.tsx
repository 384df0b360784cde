import { useEffect } from 'preact/hooks'
import { Empty, ErrorBoundary } from '../../components'
import { lazy } from '../../components/lazy'
import { CODE, PREFERENTIAL_CODE } from './code'
import { useStudy } from './context'
import { StudyFrame } from './StudyFrame'

type Name = keyof typeof CODE

const PAGES = parts(CODE)
const PREFERENTIAL_PAGES = { ...PAGES, ...parts(PREFERENTIAL_CODE) }

function parts(code: Record<string, Parameters<typeof lazy>[0]>) {
  return Object.fromEntries(Object.entries(code).map(([name, load]) => [name, lazy(load)]))
}

export default function StudyPages({ id, page }: { id: number; page: string }) {
  // Its code comes together with the study, not after it; what fails is tried again when shown.
  useEffect(() => void CODE[page as Name]?.().catch(() => undefined), [page])
  return (
    <StudyFrame id={id} page={page}>
      <ErrorBoundary reset={page}>
        <Page page={page} />
      </ErrorBoundary>
    </StudyFrame>
  )
}

function Page({ page }: { page: string }) {
  const { study } = useStudy()
  const Found = (study.is_preferential ? PREFERENTIAL_PAGES : PAGES)[page]
  return Found ? <Found key={page} /> : <Empty>There is no such page.</Empty>
}
