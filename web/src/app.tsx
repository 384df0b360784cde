import { useEffect } from 'preact/hooks'
import { Route, Router, Switch, useLocation } from 'wouter-preact'
import { Confirmation } from './components/confirm'
import { ErrorBoundary } from './components/ErrorBoundary'
import { Empty, Failed } from './components/feedback'
import { lazy } from './components/lazy'
import { Toasts } from './components/toast'
import { useQuery } from './data/query'
import { source } from './data/source'
import { Home } from './pages/home/Home'
import RunsPages from './pages/runs/RunsPages'
import { LoginPage } from './pages/shell/LoginPage'
import { Shell } from './pages/shell/Shell'
import StudyPages from './pages/study/StudyPages'
import { meta, unauthorized } from './state/session'

const Compare = lazy(() => import('./pages/compare/Compare'))
const SqlPage = lazy(() => import('./pages/sql/SqlPage'))
const RunPage = lazy(() => import('./pages/run/RunPage'))
// What is behind /runs/ is else the id of a run.
const ALL_RUNS = /^\/runs(?:\/(?<page>curves|scatter|parallel|compare))?$/
const base = new URL(document.baseURI).pathname.replace(/\/$/, '')

export function App() {
  const about = useQuery('meta', (signal) => source().meta(signal))
  useEffect(() => {
    if (about.data) meta.value = about.data
  }, [about.data])
  if (unauthorized.value) return <LoginPage />
  if (!meta.value && about.error) return <Failed error={about.error} retry={about.reload} />
  return (
    <Router base={base}>
      <Shell>
        <Pages />
      </Shell>
      <Toasts />
      <Confirmation />
    </Router>
  )
}

function Pages() {
  const [path] = useLocation()
  return (
    <ErrorBoundary reset={path}>
      <Switch>
        <Route path="/" component={Home} />
        <Route path="/studies/:id/:page?">
          {({ id, page }) => <StudyPages key={id} id={Number(id)} page={page ?? ''} />}
        </Route>
        <Route path="/experiments/:id/:page?">
          {({ id, page }) => <RunsPages key={id} id={Number(id)} page={page ?? ''} />}
        </Route>
        <Route path={ALL_RUNS}>{({ page }) => <RunsPages key="all" id={undefined} page={page ?? ''} />}</Route>
        <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={Number(id)} />}</Route>
        <Route path="/sql">
          <SqlPage />
        </Route>
        <Route path="/compare-studies">
          <Compare />
        </Route>
        <Route>
          <Empty>There is no such page.</Empty>
        </Route>
      </Switch>
    </ErrorBoundary>
  )
}
