import { useState } from 'preact/hooks'
import { Empty, Failed, Spinner } from '../../../components'
import { useQuery } from '../../../data/query'
import { ApiError, source } from '../../../data/source'
import { AttrsCard } from '../../overview/AboutCards'
import { Near } from '../../overview/Near'
import { useStudy } from '../../study/context'
import { AgreementCard } from './AgreementCard'
import { BestCard } from './BestCard'
import { LineCard } from './LineCard'
import { SurfaceCard } from './SurfaceCard'
import { SurprisesCard } from './SurprisesCard'
import './utility.css'

/** A model is not fitted more often than so, in milliseconds; after many answers it takes longer. */
const quietAfter = (pairs: number) => Math.min(15_000, 1500 + 5 * pairs)
/** What the server answers if a package is not installed. */
const MISSING = 501

/** What a model has learnt of people's answers. */
export default function Utility() {
  const { study } = useStudy()
  const [pairs, setPairs] = useState(0)
  const { data, error, loading, reload } = useQuery(`utility/${study.id}`, (signal) => source().utility(study.id, signal), {
    live: study.id,
    quiet: quietAfter(pairs),
  })
  if (data && data.pairs !== pairs) setPairs(data.pairs)
  const isStale = loading && Boolean(data)
  if (!data && error instanceof ApiError && error.status === MISSING)
    return <Empty>The model of people’s answers is not here: {error.message}.</Empty>
  if (!data)
    return error ? (
      <Failed error={error} retry={reload} />
    ) : (
      <div class="centred">
        <p class="muted">
          <Spinner /> Learning from the answers…
        </p>
      </div>
    )
  return (
    <div class="charts">
      {error && <Failed error={error} retry={reload} />}
      {data.reason !== null ? (
        <Empty>{data.reason}</Empty>
      ) : (
        <>
          <BestCard utility={data} isStale={isStale} />
          <AgreementCard utility={data} />
          <SurprisesCard utility={data} reload={reload} />
          {data.lines.length > 1 && (
            <>
              <p class="panels-note muted">What matters most is shown first: {data.lines.map(({ axis }) => axis.param).join(', ')}.</p>
              <SurfaceCard utility={data} />
            </>
          )}
          {data.lines.map((line, i) =>
            i < 3 ? (
              <LineCard key={line.axis.param} line={line} trials={data.trials} isStale={isStale} />
            ) : (
              <Near key={line.axis.param} class="half">
                <LineCard line={line} trials={data.trials} isStale={isStale} />
              </Near>
            ),
          )}
        </>
      )}
      {study.user_attrs.length > 0 && <AttrsCard />}
    </div>
  )
}
