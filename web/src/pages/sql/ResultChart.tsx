import { useMemo } from 'preact/hooks'
import type { Hit } from '../../charts/hits'
import { SceneCard } from '../../charts/SceneCard'
import { Select } from '../../components'
import { axisText } from '../../logic/charts/axisText'
import type { Scene } from '../../logic/charts/scene'
import type { Grid } from '../../logic/sql/cells'
import { firstChoice, resultScene, type ChartChoice, type ChartKind } from '../../logic/sql/chart'
import { useUrlState } from '../../logic/urlState'
import { Pairs } from '../overview/TrialTip'

const KINDS: { value: ChartKind; label: string }[] = [
  { value: 'line', label: 'Line' },
  { value: 'scatter', label: 'Scatter' },
  { value: 'bar', label: 'Bars' },
]

/** A result as a chart; what is on which axis is in the address. */
export function ResultChart({ grid, height }: { grid: Grid; height: number }) {
  const { columns } = grid
  const [kind, setKind] = useUrlState('chart.kind', '')
  const [x, setX] = useUrlState('chart.x', '')
  const [y, setY] = useUrlState('chart.y', '')
  const [by, setBy] = useUrlState('chart.by', '')
  const first = firstChoice(columns)
  const place = (name: string, other: number) => {
    const found = columns.findIndex((column) => column.name === name)
    return found < 0 ? other : found
  }
  const choice: ChartChoice = {
    kind: KINDS.find(({ value }) => value === kind)?.value ?? first?.kind ?? 'line',
    x: place(x, first?.x ?? 0),
    y: place(y, first?.y ?? -1),
    by: by === '-' ? -1 : place(by, first?.by ?? -1),
  }
  const scene = useMemo(() => resultScene(grid, choice), [grid, JSON.stringify(choice)])
  const names = columns.map(({ name }, i) => ({ value: String(i), label: name }))
  const numbers = names.filter((_, i) => columns[i]!.kind !== 'text')
  const nameAt = (text: string) => columns[Number(text)]?.name ?? '-'
  const controls = (
    <>
      <Select label="Chart" hideLabel value={choice.kind} options={KINDS} onChange={setKind} />
      <Select label="x" value={String(choice.x)} options={names} onChange={(text) => setX(nameAt(text))} />
      <Select label="y" value={String(choice.y)} options={numbers} onChange={(text) => setY(nameAt(text))} />
      {choice.kind !== 'bar' && (
        <Select
          label="by"
          value={String(choice.by)}
          options={[{ value: '-1', label: 'nothing' }, ...names]}
          onChange={(text) => setBy(nameAt(text))}
        />
      )}
    </>
  )
  return (
    <SceneCard
      title="Chart of the result"
      controls={controls}
      scene={scene}
      waiting={false}
      empty={scene ? null : 'A chart needs a column of numbers, and another column.'}
      height={height}
      tooltip={tipOf}
    />
  )
}

function tipOf({ layer, index }: Hit, scene: Scene) {
  const pairs: [string, string][] =
    layer.kind === 'bars'
      ? [
          [scene.y.label, axisText(scene.y, layer.lane[index]!)],
          [scene.x.label, axisText(scene.x, layer.to[index]!)],
        ]
      : layer.kind === 'points' || layer.kind === 'line'
        ? [
            [scene.x.label, axisText(scene.x, layer.x[index]!)],
            [scene.y.label, axisText(scene.y, layer.y[index]!)],
          ]
        : []
  const name = layer.kind === 'line' ? layer.label : layer.kind === 'points' ? layer.styles[0]?.label : undefined
  return (
    <>
      {name && <div class="tip-head">{name}</div>}
      <Pairs pairs={pairs} />
    </>
  )
}
