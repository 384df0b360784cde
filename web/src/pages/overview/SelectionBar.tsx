import { Link } from 'wouter-preact'
import { Button } from '../../components'
import { formatCount } from '../../logic/format'
import { useStudy } from '../study/context'

const SIDE_BY_SIDE = 20
const IN_A_FILTER = 200

/** What can be done with the trials that were brushed. */
export function SelectionBar() {
  const { study, filter, setFilter, selection } = useStudy()
  const numbers = [...selection.value].sort((a, b) => a - b)
  if (numbers.length === 0) return null
  const query = filter ? `&filter=${encodeURIComponent(filter)}` : ''
  const clear = () => (selection.value = new Set())
  const only = () => {
    setFilter(`number in (${numbers.join(', ')})`)
    clear()
  }
  return (
    <div class="selection-bar" role="region" aria-label="Selected trials">
      <strong>
        {formatCount(numbers.length)} trial{numbers.length === 1 ? '' : 's'} selected
      </strong>
      {numbers.length <= SIDE_BY_SIDE && (
        <Link
          class="button plain"
          href={`/studies/${study.id}/trials?numbers=${numbers.join(',')}${query}`}
        >
          Open
        </Link>
      )}
      {numbers.length <= IN_A_FILTER && <Button onClick={only}>Show only these</Button>}
      <Button onClick={clear}>Clear</Button>
    </div>
  )
}
