import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { ChartCard } from '../../charts/ChartCard'
import type { FigureJson } from '../../charts/PlotlyFigure'
import { lazy } from '../../components/lazy'
import type { Table } from '../../logic/charts/table'

const PlotlyFigure = lazy(() => import('../../charts/PlotlyFigure'))

interface Props {
  table: Table
  names: readonly string[]
  x: number
  y: number
  class: string
  controls: ComponentChildren
  onPick: (number: number) => void
}

/** Three objectives at once; the third is the first one that is on no other axis. */
export function Pareto3d({ table, names, x, y, class: classes, controls, onPick }: Props) {
  const figure = useMemo(() => frontFigure(table, names, x, y), [table, x, y])
  return (
    <ChartCard title="Pareto front" class={classes} controls={controls} height={460}>
      <PlotlyFigure
        figure={figure}
        label={`Pareto front of ${names.join(', ')}`}
        onPick={(number) => typeof number === 'number' && onPick(number)}
      />
    </ChartCard>
  )
}

export function frontFigure(
  table: Table,
  names: readonly string[],
  x: number,
  y: number,
): FigureJson {
  const z = names.findIndex((_, k) => k !== x && k !== y)
  const axes = [x, y, z]
  const rows = [...Array(table.length).keys()].filter((i) =>
    axes.every((k) => Number.isFinite(table.get(`value:${k}`)[i])),
  )
  const group = (i: number) => (!table.feasible(i) ? 0 : table.get('front')[i] === 1 ? 2 : 1)
  const trace = (name: string, wanted: number, color: string) => {
    const own = rows.filter((i) => group(i) === wanted)
    const [xs, ys, zs] = axes.map((k) => own.map((i) => table.get(`value:${k}`)[i]!))
    const customdata = own.map((i) => table.get('number')[i]!)
    const hovertemplate = `Trial %{customdata}<br>%{x:.4g}, %{y:.4g}, %{z:.4g}<extra>${name}</extra>`
    return {
      type: 'scatter3d',
      mode: 'markers',
      name,
      x: xs,
      y: ys,
      z: zs,
      customdata,
      hovertemplate,
      marker: { size: wanted === 2 ? 4 : 2.5, color },
    }
  }
  const title = (k: number) => ({ title: { text: names[k]!.replaceAll('<', '&lt;') } })
  return {
    data: [
      trace('Infeasible', 0, '#9aa2ae'),
      trace('Dominated', 1, '#4a8cc4'),
      trace('Not dominated', 2, '#d55e00'),
    ].filter((t) => t.customdata.length),
    layout: {
      height: 460,
      margin: { t: 10, r: 0, b: 0, l: 0 },
      scene: {
        aspectmode: 'cube',
        domain: { x: [0, 1], y: [0, 1] },
        camera: { eye: { x: 1.5, y: 1.5, z: 1.1 } },
        xaxis: title(x),
        yaxis: title(y),
        zaxis: title(z),
      },
      legend: { orientation: 'h' },
    },
  }
}
