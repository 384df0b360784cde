import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Card, Select } from '../../components'
import { ArtifactDialog, Thumbnail } from '../../components/ArtifactView'
import type { Artifact, TrialRow } from '../../data/api.gen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatNumber, toNumber } from '../../logic/format'
import { trialName } from '../../logic/trials/naming'
import { trialsPath } from '../../logic/trials/selection'
import { useStudy } from '../study/context'

const MOST = 200

/** One file of each chosen trial, with a border in the colour of its objective. */
export function SelectedArtifacts({ numbers }: { numbers: number[] | undefined }) {
  const { study, filter } = useStudy()
  const [index, setIndex] = useState('0')
  const [objective, setObjective] = useState('0')
  const [shown, setShown] = useState<Artifact | undefined>()
  const asked = numbers?.slice(0, MOST)
  const load = (signal: AbortSignal) =>
    source().trials(study.id, { filter, numbers: asked, limit: MOST, sort: 'number', descending: true }, signal)
  const { data } = useQuery(`artifacts/${study.id}/${filter}/${asked?.join(',')}`, load, { live: study.id, enabled: asked?.length !== 0 })
  const rows = asked?.length === 0 ? [] : withFiles(data?.rows ?? [])
  const many = Math.max(0, ...rows.map((row) => row.artifacts.length))
  if (!many) return null

  const place = Number(objective)
  const colours = borderColours(rows, place, study.directions[place] === 'maximize')
  const indices = Array.from({ length: many }, (_, each) => ({ value: String(each), label: placeName(rows, each) }))
  const objectives = study.objective_names.map((label, each) => ({ value: String(each), label }))
  const actions = (
    <>
      {many > 1 && <Select label="Artifact" value={index} options={indices} onChange={setIndex} />}
      {objectives.length > 1 && <Select label="Border by" value={objective} options={objectives} onChange={setObjective} />}
    </>
  )
  return (
    <Card title={`Artifacts of ${rows.length} trials`} actions={actions}>
      <div class="artifacts selected-artifacts">
        {rows.map((row) => {
          const artifact = row.artifacts[Number(index)]
          if (!artifact) return null
          return (
            <figure key={row.number} class="artifact" style={{ borderColor: colours.get(row.number) }}>
              <Thumbnail artifact={artifact} onShow={() => setShown(artifact)} />
              <figcaption>
                <Link href={trialsPath(study.id, [row.number], filter)}>{trialName(row)}</Link>
                <span class="hint">{formatNumber(row.values[place])}</span>
              </figcaption>
            </figure>
          )
        })}
      </div>
      {shown && <ArtifactDialog artifact={shown} onClose={() => setShown(undefined)} />}
    </Card>
  )
}

/** Trials that have files, in the order of the files' names: so the same kind of file has the same place everywhere. */
function withFiles(rows: TrialRow[]): TrialRow[] {
  const named = (a: Artifact, b: Artifact) => a.filename.localeCompare(b.filename)
  return rows.filter((row) => row.artifacts.length > 0).map((row) => ({ ...row, artifacts: [...row.artifacts].sort(named) }))
}

/** What to call the files at one place: their name, if all have the same. */
function placeName(rows: TrialRow[], place: number): string {
  const names = new Set(rows.flatMap((row) => row.artifacts[place]?.filename ?? []))
  return names.size === 1 ? `${place + 1}: ${[...names][0]}` : String(place + 1)
}

/** From the worst in yellow to the best in the colour of what is good. */
function borderColours(rows: TrialRow[], objective: number, isMaximized: boolean): Map<number, string> {
  const values = rows.map((row) => toNumber(row.values[objective]))
  const finite = values.filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const colours = new Map<number, string>()
  rows.forEach((row, each) => {
    const value = values[each] ?? NaN
    if (!Number.isFinite(value)) return
    const share = high > low ? (value - low) / (high - low) : 1
    const good = Math.round(100 * (isMaximized ? share : high > low ? 1 - share : 1))
    colours.set(row.number, `color-mix(in srgb, var(--completed) ${good}%, var(--pruned))`)
  })
  return colours
}
