import { Button, Select } from '../../../components'
import { Popover } from '../../../components/Popover'
import { canGroup } from '../../../logic/runs/columns'
import type { Measure } from '../../../logic/runs/groups'
import { useRuns } from '../context'
import { PickList } from './PickList'

const ORDERS: { value: Measure; label: string }[] = [
  { value: 'best', label: 'best' },
  { value: 'mean', label: 'mean' },
  { value: 'low', label: 'lowest' },
  { value: 'high', label: 'highest' },
]

interface GroupToolsProps {
  /** The column by which runs are grouped; empty for none. */
  by: string
  setBy(key: string): void
  measure: Measure
  setMeasure(measure: Measure): void
}

/** Grouping, and what groups are put in order by. */
export function GroupTools({ by, setBy, measure, setMeasure }: GroupToolsProps) {
  const { catalogue } = useRuns()
  const columns = catalogue.columns.filter(canGroup)
  const label = catalogue.columns.find(({ key }) => key === by)?.label ?? by
  return (
    <>
      <Popover label="Group" face={by ? `Grouped by ${label}` : 'Group'}>
        <div class="group-chooser">
          {by && <Button onClick={() => setBy('')}>No groups</Button>}
          <PickList label="Group by" columns={columns} isPicked={(key) => key === by} onPick={(key) => setBy(key === by ? '' : key)} />
        </div>
      </Popover>
      {by && <Select label="Groups by their" value={measure} options={ORDERS} onChange={setMeasure} />}
    </>
  )
}
