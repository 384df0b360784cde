import type { Hit } from '../../../charts/hits'
import { cssColour } from '../../../charts/inks'
import { axisText } from '../../../logic/charts/axisText'
import { valuesAt } from '../../../logic/charts/runCurves'
import type { Scene } from '../../../logic/charts/scene'

const SHOWN = 14

/** All values at the place of the pointer, the highest first; that of the nearest curve stands out. */
export function runValues(hit: Hit, scene: Scene) {
  if (hit.layer.kind !== 'line') return null
  const x = hit.layer.x[hit.index]!
  const all = valuesAt(scene, x)
  const at = all.findIndex(({ line }) => line === hit.layer)
  const first = Math.max(0, Math.min(at - Math.floor(SHOWN / 2), all.length - SHOWN))
  return (
    <>
      <div class="tip-head">
        {scene.x.label}: {axisText(scene.x, x)}
      </div>
      <table class="tip-values">
        <tbody>
          {all.slice(first, first + SHOWN).map(({ line, y }) => (
            <tr key={line.label} class={line === hit.layer ? 'near' : ''}>
              <td>
                <i style={{ background: cssColour(line.ink) }} />
              </td>
              <td class="tip-name">{line.label}</td>
              <td class="tip-value">{axisText(scene.y, y)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > SHOWN && <div class="muted">{all.length - SHOWN} more</div>}
    </>
  )
}
