import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../../charts/SceneCard'
import { Checkbox, Select } from '../../../components'
import type { Utility } from '../../../data/api.gen'
import { useQuery } from '../../../data/query'
import { source } from '../../../data/source'
import { type Shown, surfaceScene } from '../../../logic/charts/utility'
import { useUrlState } from '../../../logic/urlState'
import { tipOf } from '../../overview/tip'
import { useTrialActions } from '../../overview/useTrials'
import { useStudy } from '../../study/context'

/** The estimate over two parameters; at first those that matter most. */
export function SurfaceCard({ utility }: { utility: Utility }) {
  const { study } = useStudy()
  const { open, selected } = useTrialActions()
  const axes = utility.lines.map(({ axis }) => axis)
  const [xName, setX] = useUrlState('surface.x', '')
  const [yName, setY] = useUrlState('surface.y', '')
  const [what, setWhat] = useUrlState('surface.show', 'mean')
  const [points, setPoints] = useUrlState('surface.points', '1')
  const shown: Shown = what === 'std' ? 'std' : 'mean'
  const x = axes.find(({ param }) => param === xName) ?? axes.find(({ param }) => param !== yName)!
  const y = axes.find(({ param }) => param === yName) ?? axes.find(({ param }) => param !== x.param)!
  const pair = `${x.param}/${y.param}`
  const isSame = x === y
  // Loaded again with the estimate, of which it is a part, not whenever something happens.
  const { data, error, loading, reload } = useQuery(
    `surface/${study.id}/${JSON.stringify([x.param, y.param])}/${utility.version}`,
    async (signal) => ({ pair, grid: await source().utilitySurface(study.id, x.param, y.param, signal) }),
    { enabled: !isSame },
  )
  const scene = useMemo(
    () => (data?.pair === pair && !isSame ? surfaceScene(data.grid, [x, y], utility.trials, shown, points === '1') : null),
    [data, pair, utility, shown, points],
  )
  const params = axes.map(({ param }) => ({ value: param, label: param }))
  const controls = (
    <>
      <Select label="x" value={x.param} options={params} onChange={setX} />
      <Select label="y" value={y.param} options={params} onChange={setY} />
      <Select
        label="Show"
        value={shown}
        options={[
          { value: 'mean', label: 'Mean' },
          { value: 'std', label: 'Uncertainty' },
        ]}
        onChange={setWhat}
      />
      <Checkbox label="Trials" checked={points === '1'} onChange={(on) => setPoints(on ? '1' : '')} />
    </>
  )
  return (
    <SceneCard
      title="Utility over two parameters"
      class="half"
      controls={controls}
      scene={scene}
      waiting={!isSame && !scene}
      stale={loading && Boolean(scene)}
      error={error}
      retry={reload}
      empty={isSame ? 'Choose two different parameters.' : null}
      height={300}
      onPick={open}
      selected={selected}
      tooltip={tipOf}
    />
  )
}
