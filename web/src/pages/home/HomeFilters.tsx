import { useState } from 'preact/hooks'
import { Select } from '../../components/inputs'
import type { ExperimentRow } from '../../data/api.gen'
import { SORTS, frequencies, kindOf, parseSort, startsDescending, toggled, type Sort } from '../../logic/experimentList'

const MOST = 12

interface FiltersProps {
  rows: readonly ExperimentRow[]
  kinds: string[]
  setKinds: (kinds: string[]) => void
  tags: string[]
  setTags: (tags: string[]) => void
  sort: string
  setSort: (sort: string) => void
}

/** Chips for kinds and tags; on a phone also what to sort by, since cards have no heads. */
export function HomeFilters({ rows, kinds, setKinds, tags, setTags, sort, setSort }: FiltersProps) {
  const allKinds = frequencies(rows.map(kindOf))
  return (
    <div class="home-filters">
      {(allKinds.length > 1 || kinds.length > 0) && (
        <Chips label="Kinds" items={allKinds} chosen={kinds} choose={setKinds} />
      )}
      <Chips label="Tags" items={frequencies(rows.flatMap((row) => row.tags))} chosen={tags} choose={setTags} />
      <SortSelect sort={sort} setSort={setSort} />
    </div>
  )
}

interface ChipsProps {
  label: string
  items: [text: string, count: number][]
  chosen: string[]
  choose: (chosen: string[]) => void
}

function Chips({ label, items, chosen, choose }: ChipsProps) {
  const [whole, setWhole] = useState(false)
  const shown = items.filter(([text], i) => whole || i < MOST || chosen.includes(text))
  const hidden = items.length - shown.length
  if (!items.length) return null
  return (
    <div class="chips" role="group" aria-label={label}>
      {shown.map(([text, count]) => (
        <button
          key={text}
          type="button"
          class="chip"
          aria-pressed={chosen.includes(text)}
          onClick={() => choose(toggled(chosen, text))}
        >
          {text} <span class="muted">{count}</span>
        </button>
      ))}
      {(hidden > 0 || whole) && (
        <button type="button" class="chip" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {whole ? 'Fewer' : `${hidden} more…`}
        </button>
      )}
    </div>
  )
}

function SortSelect({ sort, setSort }: Pick<FiltersProps, 'sort' | 'setSort'>) {
  const names = Object.keys(SORTS) as Sort[]
  const options = names.map((name) => ({ value: name, label: SORTS[name] }))
  const { sort: current, descending } = parseSort(sort)
  return (
    <span class="sort-select">
      <Select
        label="Sort"
        value={current}
        options={options}
        onChange={(name) => setSort(startsDescending(name) ? `-${name}` : name)}
      />
      <button
        type="button"
        class="button icon"
        aria-label={descending ? 'Smallest first' : 'Largest first'}
        onClick={() => setSort(descending ? current : `-${current}`)}
      >
        {descending ? '▼' : '▲'}
      </button>
    </span>
  )
}
