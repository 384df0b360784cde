import type { Hit } from '../../charts/hits'
import { axisText } from '../../logic/charts/axisText'
import type { Scene } from '../../logic/charts/scene'
import { Pairs, TrialTip } from './TrialTip'

/** What a chart says about one of its marks. */
export function tipOf(hit: Hit, scene: Scene) {
  const { layer, index } = hit
  const where: [string, string][] =
    layer.kind === 'points' || layer.kind === 'line'
      ? [
          [scene.x.label, axisText(scene.x, layer.x[index]!)],
          [scene.y.label, axisText(scene.y, layer.y[index]!)],
        ]
      : []
  if (hit.id === null) {
    const name =
      layer.kind === 'line'
        ? layer.label
        : layer.kind === 'points'
          ? layer.styles[layer.style[index]!]?.label
          : undefined
    return (
      <>
        {name && <div class="tip-head">{name}</div>}
        <Pairs pairs={where} />
      </>
    )
  }
  return <TrialTip number={hit.id} extra={layer.kind === 'line' ? where : []} />
}
