import { formatNumber } from '../../logic/format'

const W = 400
const H = 90

/** A curve in little space; gaps where there is no number. */
export function MiniCurve({ xs, ys, label }: { xs: number[]; ys: number[]; label: string }) {
  const finite = ys.filter(Number.isFinite)
  if (!finite.length) return null
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const x = (value: number) => (right > left ? ((value - left) / (right - left)) * W : W / 2)
  const y = (value: number) => (high > low ? H - 4 - ((value - low) / (high - low)) * (H - 8) : H / 2)
  let isDrawing = false
  const path = xs.map((at, place) => {
    const value = ys[place] ?? NaN
    if (!Number.isFinite(value)) {
      isDrawing = false
      return ''
    }
    const command = `${isDrawing ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    isDrawing = true
    return command
  })
  return (
    <figure class="mini-curve">
      <svg viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none" role="img" aria-label={label}>
        <path d={path.join('')} fill="none" vector-effect="non-scaling-stroke" stroke-linecap="round" />
      </svg>
      <figcaption>
        <span>{formatNumber(high)}</span>
        <span>{formatNumber(low)}</span>
      </figcaption>
    </figure>
  )
}
