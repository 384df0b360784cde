import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { Button } from '../components'
import { legendOf, without, type Scene } from '../logic/charts/scene'
import { ChartCard, type ChartCardProps } from './ChartCard'
import { ChartMenu } from './ChartMenu'
import type { Hit } from './hits'
import { WHOLE, type View } from './layout'
import { Legend } from './Legend'
import { pictureOf } from './picture'
import { Plot } from './Plot'

export interface SceneCardProps extends Omit<
  ChartCardProps,
  'children' | 'menu' | 'notes' | 'height'
> {
  scene: Scene | null
  height?: number
  onPick?: ((number: number, hit: Hit) => void) | undefined
  onSelect?: ((numbers: number[]) => void) | undefined
  selected?: ReadonlySet<number> | undefined
  tooltip?: ((hit: Hit, scene: Scene) => ComponentChildren) | undefined
  pan?: boolean | undefined
  across?: boolean | undefined
  /** The part that is shown at first, and after zooming out. */
  home?: View | undefined
  /** The part that the reader zoomed to, or null. */
  onZoom?: ((view: View | null) => void) | undefined
  /** What is switched off in a legend elsewhere; without it the card has its own. */
  hidden?: ReadonlySet<string> | undefined
}

/** A card with a scene in it, its legend and its menu. */
export function SceneCard(props: SceneCardProps) {
  const { scene, title, height = 300, home = WHOLE, ...rest } = props
  const [zoomed, setZoomed] = useState<View | null>(null)
  const [own, setHidden] = useState<ReadonlySet<string>>(new Set())
  const hidden = props.hidden ?? own
  const setView = (next: View | null) => {
    setZoomed(next)
    props.onZoom?.(next)
  }
  const shown = useMemo(() => scene && without(scene, hidden), [scene, hidden])
  // Axes that change leave nothing of the place that was zoomed to.
  const axes = scene ? [scene.x, scene.y].map((axis) => axis.label + axis.kind).join() : ''
  const [seen, setSeen] = useState(axes)
  if (seen !== axes) {
    setSeen(axes)
    setZoomed(null)
  }
  const view = zoomed ?? home
  const reset = zoomed ? () => setView(null) : undefined
  const onView = (next: View) => setView(next.x || next.y ? next : null)
  const menu = scene && (
    <ChartMenu
      title={title}
      picture={pictureOf(scene, hidden, view)}
      onReset={reset}
      brushes={Boolean(props.onSelect)}
    />
  )
  const controls = (
    <>
      {props.controls}
      {reset && <Button onClick={reset}>Show all</Button>}
    </>
  )
  return (
    <ChartCard
      {...rest}
      title={title}
      height={height}
      controls={controls}
      menu={menu}
      waiting={props.waiting ?? (!scene && !props.empty)}
      notes={scene?.notes}
    >
      {scene && shown && (
        <>
          {!props.hidden && (
            <Legend
              items={legendOf(scene)}
              hidden={hidden}
              onToggle={(label) => setHidden(toggled(hidden, label))}
            />
          )}
          <Plot {...rest} scene={shown} view={view} onView={onView} height={height} />
        </>
      )}
    </ChartCard>
  )
}

export function toggled<T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> {
  const next = new Set(set)
  if (!next.delete(item)) next.add(item)
  return next
}
