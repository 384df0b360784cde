import { useMemo, useState } from 'preact/hooks'
import { Button } from '../../components/Button'
import { Empty, Failed, Spinner } from '../../components/feedback'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { filtered, sorted } from '../../logic/experimentList'
import { formatCount } from '../../logic/format'
import { useTitle } from '../../logic/title'
import { useUrlList, useUrlState } from '../../logic/urlState'
import { readOnly } from '../../state/session'
import { CreateDialog } from './CreateDialog'
import { ExperimentTable } from './ExperimentTable'
import { HomeFilters } from './HomeFilters'

const MANY = 300

/** All experiments, studies and Ax experiments of the database. */
export function Home() {
  const [many, setMany] = useState(false)
  const { data, error, reload } = useQuery('experiments', (s) => source().experiments({}, s), {
    live: 'all',
    quiet: many ? 5000 : 800,
  })
  const [words, setWords] = useUrlState('q', '')
  const [kinds, setKinds] = useUrlList('kind')
  const [tags, setTags] = useUrlList('tag')
  const [sort, setSort] = useUrlState('sort', '-created')
  const [creating, setCreating] = useState(false)
  useTitle('Experiments')

  const all = data?.experiments ?? []
  if (all.length > MANY !== many) setMany(all.length > MANY)
  const shown = useMemo(
    () => sorted(filtered(all, { words, kinds, tags }), sort),
    [data, words, kinds.join(), tags.join(), sort],
  )
  const isFiltered = Boolean(words || kinds.length || tags.length)
  const showAll = () => {
    setWords('')
    setKinds([])
    setTags([])
  }
  return (
    <div class="home">
      <div class="home-head">
        <h1>Experiments</h1>
        <span class="muted" role="status">
          {data && (isFiltered ? `${formatCount(shown.length)} of ${formatCount(all.length)}` : formatCount(all.length))}
        </span>
        <input
          type="search"
          class="search-input"
          data-key="/"
          aria-label="Search experiments"
          placeholder="Search names, tags and comments  ( / )"
          autocomplete="off"
          spellcheck={false}
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' || event.key === 'Enter') event.currentTarget.blur()
          }}
        />
        {!readOnly.value && (
          <Button kind="primary" onClick={() => setCreating(true)}>
            New…
          </Button>
        )}
      </div>
      <HomeFilters rows={all} kinds={kinds} setKinds={setKinds} tags={tags} setTags={setTags} sort={sort} setSort={setSort} />
      {error && <Failed error={error} retry={reload} />}
      {!data && !error && (
        <div class="centred">
          <Spinner />
        </div>
      )}
      {shown.length > 0 && <ExperimentTable rows={shown} all={all} sort={sort} setSort={setSort} changed={reload} />}
      {data && shown.length === 0 && (
        <Empty>
          {isFiltered ? (
            <>
              <p>No experiment matches.</p>
              <Button onClick={showAll}>Show all</Button>
            </>
          ) : (
            <p>There are no experiments yet. As soon as a program makes one, it appears here.</p>
          )}
        </Empty>
      )}
      {creating && <CreateDialog others={all} created={reload} onClose={() => setCreating(false)} />}
    </div>
  )
}
