import { useStudy } from '../study/context'
import { ArtifactsCard, AttrsCard } from './AboutCards'
import { BestCard } from './BestCard'
import { CurvesCard } from './CurvesCard'
import { FigureCard } from './FigureCards'
import { HistoryCard } from './HistoryCard'
import { ImportanceCard } from './ImportanceCard'
import { Near } from './Near'
import { ParetoCard } from './ParetoCard'
import { RunningCard } from './RunningCard'
import { SelectionBar } from './SelectionBar'
import { TimelineCard } from './TimelineCard'

/** The story of a study on one page: how it went, what mattered, what is best, what runs. */
export default function Overview() {
  const { study } = useStudy()
  const objectives = study.directions.length
  return (
    <>
      <div class="charts">
        <div class="two-thirds stack">
          <HistoryCard />
          <RunningCard />
        </div>
        <div class="third stack">
          {objectives === 1 && <BestCard />}
          {objectives > 0 && <ImportanceCard />}
          {objectives > 1 && <BestCard />}
        </div>
        {objectives > 1 && <ParetoCard />}
        <Near class="half">
          <CurvesCard />
        </Near>
        <Near class="half">
          <TimelineCard />
        </Near>
        {study.figures.map((figure) => (
          <Near key={figure.id} class="half">
            <FigureCard figure={figure} />
          </Near>
        ))}
        <div class="half stack">
          <AttrsCard />
          <ArtifactsCard />
        </div>
      </div>
      <SelectionBar />
    </>
  )
}
