import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { Button, Empty } from '../../components'
import { formatCount } from '../../logic/format'
import { ParallelCard } from '../analytics/ParallelCard'
import { HistoryCard } from '../overview/HistoryCard'
import { ParetoCard } from '../overview/ParetoCard'
import { Context, useStudy } from '../study/context'
import { TrialGrid } from '../table/TrialGrid'
import { SelectedArtifacts } from './SelectedArtifacts'
import './selection.css'

const TABLE_HEIGHT = 520

/** Trials chosen by brushing: where they lie, their files, and their rows. */
export default function SmartSelection() {
  const { study, selection } = useStudy()
  const chosen = selection.value
  const numbers = useMemo(() => (chosen.size ? [...chosen].sort((a, b) => a - b) : undefined), [chosen])
  if (!study.summary.counts.total) return <Empty>There are no trials yet. As soon as some are there, choose from them here.</Empty>
  return (
    <div class="smart-selection">
      <ParallelCard />
      <p class="row" role="status">
        {numbers ? `${formatCount(numbers.length)} selected` : 'Drag along an axis to select trials; until then all are shown below.'}
        {numbers && <Button onClick={() => (selection.value = new Set())}>Clear the selection</Button>}
      </p>
      {study.directions.length === 1 && <HistoryCard />}
      {study.directions.length > 1 && <ParetoCard class="" />}
      <SelectedArtifacts numbers={numbers} />
      <SelectedTable numbers={numbers} />
    </div>
  )
}

/** A table with checked rows of its own: they don't change what was brushed. */
function SelectedTable({ numbers }: { numbers: number[] | undefined }) {
  const study = useStudy()
  const checked = useSignal<ReadonlySet<number>>(new Set())
  return (
    <Context.Provider value={{ ...study, selection: checked }}>
      <TrialGrid numbers={numbers} height={TABLE_HEIGHT} />
    </Context.Provider>
  )
}
