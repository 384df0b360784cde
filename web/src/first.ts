import './style/variables.css'
import './style/base.css'
import './style/controls.css'
import './style/layout.css'
import './style/study.css'
import './style/home.css'
import { askAhead } from './data/askAhead'
import { httpSource } from './data/http'
import { CODE as RUNS } from './pages/runs/code'
import { CODE as STUDY } from './pages/study/code'
import { read } from './state/store'

// This is small, and comes before all other code: while that arrives, the server works on what the
// page shows first, and nothing is painted in another theme than the reader's.
const theme = read('runbase.theme')
const isDark = theme === 'dark' || (theme !== 'light' && window.matchMedia('(prefers-color-scheme: dark)').matches)
document.documentElement.dataset.theme = isDark ? 'dark' : 'light'

const path = window.location.pathname.slice(new URL(document.baseURI).pathname.length - 1)
askAhead(httpSource(undefined, true), path, window.location.search)
void codeOf(path)?.().catch(() => undefined) // what fails is tried again when it is shown
void import('./main')

function codeOf(path: string): (() => Promise<unknown>) | undefined {
  const [, place, id = '', page = ''] = path.split('/')
  const pages = new Map<string, () => Promise<unknown>>(Object.entries(place === 'studies' ? STUDY : RUNS))
  if (place === 'runs') return pages.get(id)
  return place === 'studies' || place === 'experiments' ? pages.get(page) : undefined
}
