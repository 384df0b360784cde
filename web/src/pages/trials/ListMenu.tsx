import { Button, Checkbox, Select } from '../../components'
import { Popover } from '../../components/Popover'
import { formatCount } from '../../logic/format'
import { parseSort, sortText } from '../../logic/trials/columns'
import { chosenValues, hasFlag, withFlag, withValues } from '../../logic/trials/filterText'
import { STATUSES, lookOf } from '../../logic/statuses'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'

/** Which trials the list has, and in which order; it edits the filter of the study. */
export function ListMenu() {
  const { study, filter, setFilter } = useStudy()
  const [text, setText] = useUrlState('sort', 'number')
  const sort = parseSort(text)
  const statuses = STATUSES.filter((status) => status !== 'CANCELLED' || study.summary.counts.CANCELLED > 0)
  const words = statuses.map((status) => lookOf(status).word.toLowerCase())
  const chosen = chosenValues(filter, 'status') ?? words
  const toggle = (word: string, on: boolean) => {
    const left = words.filter((each) => (each === word ? on : chosen.includes(each)))
    setFilter(withValues(filter, 'status', left.length === words.length ? undefined : left))
  }
  const options = [
    { value: 'number', label: 'Number' },
    ...study.objective_names.map((name, place) => ({ value: `value:${place}`, label: name })),
    { value: 'duration', label: 'Duration' },
    { value: 'start', label: 'Start' },
    { value: 'finish', label: 'Completion' },
  ]
  const isNarrowed = chosen.length < words.length || hasFlag(filter, 'best')
  return (
    <Popover label="Filter and sort the list" face={isNarrowed ? 'Filter •' : 'Filter'}>
      <fieldset>
        <legend>States</legend>
        {statuses.map((status) => {
          const { word } = lookOf(status)
          const label = `${word} (${formatCount(study.summary.counts[status])})`
          const key = word.toLowerCase()
          return <Checkbox key={status} label={label} checked={chosen.includes(key)} onChange={(on) => toggle(key, on)} />
        })}
        <Checkbox
          label={study.directions.length > 1 ? `Best trials (${formatCount(study.summary.front_size)})` : 'Best trial'}
          checked={hasFlag(filter, 'best')}
          onChange={(on) => setFilter(withFlag(filter, 'best', on))}
        />
      </fieldset>
      <div class="row">
        <Select label="Sort by" value={sort.key} options={options} onChange={(key) => setText(sortText({ ...sort, key }))} />
        <Button
          aria-label={sort.descending ? 'Descending: sort ascending' : 'Ascending: sort descending'}
          onClick={() => setText(sortText({ ...sort, descending: !sort.descending }))}
        >
          {sort.descending ? '↓' : '↑'}
        </Button>
      </div>
    </Popover>
  )
}
