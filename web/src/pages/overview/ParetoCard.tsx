import { useMemo } from 'preact/hooks'
import { SceneCard } from '../../charts/SceneCard'
import { Checkbox, Select, TextField } from '../../components'
import { useColumns } from '../../data/query'
import { idColumns, objectiveName } from '../../logic/charts/axis'
import { paretoScene } from '../../logic/charts/pareto'
import { finished } from '../../logic/charts/finished'
import { useUrlState } from '../../logic/urlState'
import { useStudy } from '../study/context'
import { Pareto3d } from './Pareto3d'
import { tipOf } from './tip'
import { useTable, useTrialActions } from './useTrials'

const LIMIT = 4000

/** What can be had of one objective for what of another. */
export function ParetoCard({ class: classes = '' }: { class?: string }) {
  const { study, filter } = useStudy()
  const { open, select, selected } = useTrialActions()
  const [x, setX] = useUrlState('front.x', '0')
  const [y, setY] = useUrlState('front.y', '1')
  const [logX, setLogX] = useUrlState('front.logx', '')
  const [logY, setLogY] = useUrlState('front.logy', '')
  const [reference, setReference] = useUrlState('front.reference', '')
  const [is3d, set3d] = useUrlState('front.3d', '')
  const names = study.directions.map((_, k) => objectiveName(study, k))
  const columns = [...idColumns(study), 'status', 'feasible', 'front', ...names.map((_, k) => `value:${k}`)]
  const { data, error, loading, reload } = useColumns(study.id, columns, {
    filter: finished(filter),
    limit: LIMIT,
  })
  const table = useTable(data)
  const point = useMemo(() => pointOf(reference), [reference])
  const options = {
    x: place(x, names),
    y: place(y, names),
    names,
    directions: study.directions,
    logX: logX === '1',
    logY: logY === '1',
    reference: point,
  }
  const scene = useMemo(
    () => table && paretoScene(table, options),
    [table, x, y, logX, logY, point],
  )
  const choices = names.map((label, k) => ({ value: String(k), label }))
  const controls = (
    <>
      {names.length > 2 && (
        <Checkbox label="3-D" checked={is3d === '1'} onChange={(on) => set3d(on ? '1' : '')} />
      )}
      <Select label="Objective X" value={String(options.x)} options={choices} onChange={setX} />
      <Select label="Objective Y" value={String(options.y)} options={choices} onChange={setY} />
      <Checkbox label="Log x" checked={logX === '1'} onChange={(on) => setLogX(on ? '1' : '')} />
      <Checkbox label="Log y" checked={logY === '1'} onChange={(on) => setLogY(on ? '1' : '')} />
      <span class="reference-point">
        <TextField
          label="Reference"
          value={reference}
          placeholder="x, y"
          onChange={setReference}
          error={reference && !point ? 'Two numbers, such as 1, 0.5' : undefined}
        />
      </span>
    </>
  )
  if (is3d === '1' && names.length > 2 && table)
    return (
      <Pareto3d
        table={table}
        names={names}
        x={options.x}
        y={options.y}
        class={classes}
        controls={controls}
        onPick={open}
      />
    )
  const points = scene?.layers[0]
  return (
    <SceneCard
      title="Pareto front"
      class={classes}
      controls={controls}
      scene={scene}
      stale={loading && Boolean(data)}
      error={error}
      retry={reload}
      empty={
        points?.kind === 'points' && points.ids.length === 0
          ? 'No trial has values of these objectives yet.'
          : null
      }
      height={360}
      onPick={open}
      onSelect={select}
      selected={selected}
      tooltip={tipOf}
    />
  )
}

const place = (text: string, names: readonly string[]) =>
  Math.min(names.length - 1, Math.max(0, Number(text) || 0))

function pointOf(text: string): [number, number] | null {
  const numbers = text.split(',').map((part) => (part.trim() ? Number(part) : NaN))
  return numbers.length === 2 && numbers.every(Number.isFinite) ? [numbers[0]!, numbers[1]!] : null
}
