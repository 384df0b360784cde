import { ChartCard } from '../../charts/ChartCard'
import type { FigureJson } from '../../charts/PlotlyFigure'
import { lazy } from '../../components/lazy'
import type { Figure } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { useStudy } from '../study/context'

const PlotlyFigure = lazy(() => import('../../charts/PlotlyFigure'))

/** A figure that the study's owner saved. */
export function FigureCard({ figure }: { figure: Figure }) {
  const { study } = useStudy()
  const { data, error, reload } = useQuery(
    `figure/${study.id}/${figure.id}/${figure.hash}`,
    (signal) => source().figure(study.id, figure.id, signal),
  )
  const title = titleOf(data as FigureJson | undefined) ?? figure.id
  return (
    <ChartCard title={title} class="half" height={380} waiting={!data} error={error} retry={reload}>
      {data !== undefined && (
        <PlotlyFigure figure={data as FigureJson} label={`User-defined figure ${title}`} />
      )}
    </ChartCard>
  )
}

function titleOf(figure: FigureJson | undefined): string | undefined {
  const title = figure?.layout?.title
  const text = typeof title === 'string' ? title : (title as { text?: string } | undefined)?.text
  return text?.replaceAll(/<[^>]*>/g, ' ')
}
