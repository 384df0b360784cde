import { Link } from 'wouter-preact'
import { Markdown } from '../../../components'
import type { RunComparison, RunDetails } from '../../../data/api.gen'
import { useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { runNames } from '../../../logic/charts/runLooks'
import { runPath } from '../../../logic/runs/address'
import { kindOf } from '../../../logic/trials/artifactKind'

/** Of more runs notes and pictures are too small to be compared. */
const MOST = 12

/** Notes and pictures of a few runs, side by side. */
export function ComparedFiles({ comparison }: { comparison: RunComparison }) {
  const ids = comparison.runs.map(({ id }) => id).slice(0, MOST)
  const { data } = useQuery(
    `runs/details/${ids.join()}`,
    (signal) => Promise.all(ids.map((id) => source().run(id, signal))),
    { enabled: ids.length > 0 },
  )
  const runs = data?.filter((run) => ids.includes(run.id)) ?? []
  const names = runNames(comparison.runs)
  const noted = runs.filter((run) => noteOf(run))
  const pictures = [...new Set(runs.flatMap((run) => picturesOf(run).map(({ filename }) => filename)))]
  return (
    <>
      {noted.length > 0 && (
        <>
          <h2>Notes</h2>
          <div class="compare-cards">
            {noted.map((run) => (
              <article key={run.id}>
                <h3>
                  <Link href={runPath(run.id)}>{names.get(run.id)}</Link>
                </h3>
                <Markdown text={noteOf(run)} />
              </article>
            ))}
          </div>
        </>
      )}
      {pictures.length > 0 && <h2>Pictures</h2>}
      {pictures.map((filename) => (
        <section key={filename} aria-label={filename}>
          <h3 class="muted">{filename}</h3>
          <div class="compare-cards">
            {runs.flatMap((run) => {
              const picture = picturesOf(run).find((each) => each.filename === filename)
              return picture ? (
                <figure key={run.id}>
                  <figcaption>
                    <Link href={runPath(run.id)}>{names.get(run.id)}</Link>
                  </figcaption>
                  <img src={source().url(picture.url)} alt={`${filename} of ${names.get(run.id)}`} loading="lazy" />
                </figure>
              ) : (
                []
              )
            })}
          </div>
        </section>
      ))}
    </>
  )
}

const noteOf = (run: RunDetails): string => run.note?.body || run.comment || ''

const picturesOf = (run: RunDetails) => run.artifacts.filter((artifact) => kindOf(artifact) === 'image')
