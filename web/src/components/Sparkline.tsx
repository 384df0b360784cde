import { toNumber, type Sent } from '../logic/format'

interface SparklineProps {
  values: readonly Sent[]
  width?: number
  height?: number
  label?: string
  /** Whether a value holds until the next one, as the best so far does. */
  steps?: boolean
}

/** A curve without axes. */
export function Sparkline({ values, width = 90, height = 22, label = 'Trend', steps = false }: SparklineProps) {
  const path = sparkPath(values.map(toNumber), width, height, steps)
  if (!path) return null
  return (
    <svg class="sparkline" width={width} height={height} role="img" aria-label={label}>
      <path d={path.d} />
      <circle cx={path.x} cy={path.y} r="2" />
    </svg>
  )
}

/** The drawing of a line in a box, and where it ends. */
export function sparkPath(numbers: readonly number[], width: number, height: number, steps: boolean) {
  const finite = numbers.filter(Number.isFinite)
  const last = finite.at(-1)
  if (last === undefined || finite.length < 2) return undefined
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  const round = (n: number) => Math.round(n * 10) / 10
  const x = (i: number) => round(1 + (i / (finite.length - 1)) * (width - 4))
  const y = (v: number) => round(high === low ? height / 2 : 2 + ((high - v) / (high - low)) * (height - 4))
  const next = (v: number, i: number) => (steps ? `H${x(i)}V${y(v)}` : `L${x(i)} ${y(v)}`)
  const d = finite.map((v, i) => (i ? next(v, i) : `M${x(0)} ${y(v)}`)).join('')
  return { d, x: x(finite.length - 1), y: y(last) }
}
