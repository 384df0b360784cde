import { Empty } from '../../components'
import { objectiveDimensions } from '../../logic/charts/axis'
import { Near } from '../overview/Near'
import { ParetoCard } from '../overview/ParetoCard'
import { SelectionBar } from '../overview/SelectionBar'
import { useStudy } from '../study/context'
import { ContourCard } from './ContourCard'
import { EdfCard } from './EdfCard'
import { ParallelCard } from './ParallelCard'
import { RankCard } from './RankCard'
import { SliceCards } from './SliceCards'

/** How parameters and values hang together. */
export default function Analytics() {
  const { study } = useStudy()
  const objectives = objectiveDimensions(study)
  if (study.params.length === 0 && objectives.length === 0)
    return (
      <Empty>
        These charts need parameters or objectives: no trial of this experiment has any.
      </Empty>
    )
  return (
    <>
      <div class="charts">
        <SliceCards />
        <ContourCard />
        <Near>
          <ParallelCard />
        </Near>
        {objectives.length > 1 && (
          <Near class="half">
            <ParetoCard class="half" />
          </Near>
        )}
        {objectives.length > 0 && (
          <Near class="half">
            <RankCard />
          </Near>
        )}
        {objectives.map((objective) => (
          <Near key={objective.column} class="half">
            <EdfCard objective={objective} />
          </Near>
        ))}
      </div>
      <SelectionBar />
    </>
  )
}
