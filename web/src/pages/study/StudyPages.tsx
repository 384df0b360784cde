import { useEffect } from 'preact/hooks'
import { Empty, ErrorBoundary } from '../../components'
import { lazy } from '../../components/lazy'
import { StudyFrame } from './StudyFrame'

const CODE = {
  '': () => import('../overview/Overview'),
  analytics: () => import('../analytics/Analytics'),
  trials: () => import('../trials/Trials'),
  trialTable: () => import('../table/TrialTable'),
  smartSelection: () => import('../selection/SmartSelection'),
  note: () => import('../note/StudyNote'),
}
type Name = keyof typeof CODE
const PAGES = Object.fromEntries(Object.entries(CODE).map(([name, code]) => [name, lazy(code)]))

export default function StudyPages({ id, page }: { id: number; page: string }) {
  const Page = PAGES[page]
  // Its code comes together with the study, not after it; what fails is tried again when shown.
  useEffect(() => void CODE[page as Name]?.().catch(() => undefined), [page])
  return (
    <StudyFrame id={id} page={page}>
      <ErrorBoundary reset={page}>
        {Page ? <Page key={page} /> : <Empty>There is no such page.</Empty>}
      </ErrorBoundary>
    </StudyFrame>
  )
}
