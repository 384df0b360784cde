import { useEffect, useState } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import { Button, Failed, Menu, TextField, confirmDialog, toast, toastError } from '../../components'
import { Popover } from '../../components/Popover'
import type { SavedView } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { runsPath } from '../../logic/runs/address'
import { viewPlace, viewState } from '../../logic/runs/views'
import { useUrlState } from '../../logic/urlState'
import { meta } from '../../state/session'

interface ViewsMenuProps {
  id: number | undefined
  page: string
}

const keyOf = (id: number | undefined) => `views/${id ?? 'all'}`
const pathOf = (id: number | undefined, { state, name }: SavedView) => {
  const { page, search } = viewPlace(state, name)
  return runsPath(id, page) + search
}

/** Names for what the pages show, kept in the database for all who use it. */
export function ViewsMenu({ id, page }: ViewsMenuProps) {
  const { data, error, reload } = useQuery(keyOf(id), (s) => source().views(id, s))
  const [name, setName] = useUrlState('view', '')
  const [, navigate] = useLocation()
  const current = data?.views.find((view) => view.name === name)
  const state = viewState(page, window.location.search)
  const isChanged = current !== undefined && viewState('', `?${current.state}`) !== viewState('', `?${state}`)
  useEffect(() => {
    // A link with nothing but the name of a view.
    if (current && !viewState('', window.location.search)) navigate(pathOf(id, current), { replace: true })
  }, [current?.id])
  return (
    <Popover label="Views" face={current ? `View: ${name}${isChanged ? ' (changed)' : ''}` : 'Views'}>
      <div class="views-menu">
        {error && <Failed error={error} retry={reload} />}
        <ul aria-label="Saved views">
          {data?.views.map((view) => (
            <li key={view.id}>
              <Link href={pathOf(id, view)} aria-current={view === current ? 'true' : undefined}>
                {view.name}
              </Link>
              <ViewActions id={id} view={view} isCurrent={view === current} reload={reload} setName={setName} />
            </li>
          ))}
        </ul>
        {data && !data.views.length && <p class="muted">No view is saved yet. A view keeps filter, sort, columns, groups and charts.</p>}
        {meta.value?.saves_views && (
          <>
            {current && isChanged && <Update view={current} state={state} reload={reload} />}
            <SaveAs id={id} state={state} saved={(view) => (setName(view.name), reload())} />
          </>
        )}
      </div>
    </Popover>
  )
}

function Update({ view, state, reload }: { view: SavedView; state: string; reload(): void }) {
  const update = () =>
    source()
      .changeView(view.id, { name: view.name, state, version: view.version })
      .then(() => toast(`“${view.name}” is saved`), toastError)
      .then(reload)
  return (
    <Button kind="primary" onClick={() => void update()}>
      Save changes of “{view.name}”
    </Button>
  )
}

function SaveAs({ id, state, saved }: { id: number | undefined; state: string; saved(view: SavedView): void }) {
  const [name, setName] = useState('')
  const [error, setError] = useState<string | undefined>()
  const save = async (event: Event) => {
    event.preventDefault()
    try {
      saved(await source().saveView({ experiment: id ?? null, name: name.trim(), state }))
      setName('')
      setError(undefined)
    } catch (problem) {
      setError(problem instanceof Error ? problem.message : String(problem))
    }
  }
  return (
    <form class="save-view" onSubmit={(event) => void save(event)}>
      <TextField label="Save as" value={name} onChange={setName} error={error} placeholder="Name of a new view" />
      <Button type="submit" disabled={!name.trim()}>
        Save
      </Button>
    </form>
  )
}

interface ActionsProps {
  id: number | undefined
  view: SavedView
  isCurrent: boolean
  reload(): void
  setName(name: string): void
}

function ViewActions({ id, view, isCurrent, reload, setName }: ActionsProps) {
  const share = () => {
    const link = new URL(document.baseURI.replace(/\/$/, '') + pathOf(id, view)).href
    void navigator.clipboard.writeText(link).then(() => toast('The link is copied'), toastError)
  }
  const rename = async () => {
    const name = window.prompt('New name of the view', view.name)?.trim()
    if (!name || name === view.name) return
    await source().changeView(view.id, { name, state: view.state, version: view.version }).then(() => isCurrent && setName(name), toastError)
    reload()
  }
  const remove = async () => {
    if (!(await confirmDialog({ title: `Delete “${view.name}”?`, body: 'The runs stay.', action: 'Delete', danger: true }))) return
    await source().deleteView(view.id).then(() => isCurrent && setName(''), toastError)
    reload()
  }
  const copy = { label: 'Copy link', onClick: share, disabled: !window.isSecureContext }
  const writes = [
    { label: 'Rename…', onClick: () => void rename() },
    { label: 'Delete…', onClick: () => void remove(), danger: true },
  ]
  return <Menu label={`More about ${view.name}`} items={meta.value?.saves_views ? [copy, ...writes] : [copy]} />
}
