/** A number as the server sends it: JSON has no words for the last three. */
export type Sent = number | 'nan' | 'inf' | '-inf' | null | undefined

/** The number that was meant; NaN where there is none. */
export function toNumber(x: Sent): number {
  if (x === 'inf') return Infinity
  if (x === '-inf') return -Infinity
  return typeof x === 'number' ? x : NaN
}

/** A number for people: `digits` significant digits, no noise behind them; "–" for none. */
export function formatNumber(x: Sent, digits = 4): string {
  if (x === null || x === undefined) return '–'
  const value = toNumber(x)
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return minus(String(value))
  const size = Math.abs(value)
  if (size < 1e-4 || size >= 1e7) {
    const [mantissa = '', exponent = ''] = value.toExponential(digits - 1).split('e')
    return minus(`${trimmed(mantissa)}e${Number(exponent)}`)
  }
  const places = Math.max(0, digits - 1 - Math.floor(Math.log10(size)))
  return minus(trimmed(value.toFixed(Math.min(places, 20))))
}

const trimmed = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)
const minus = (text: string) => (text === '-0' ? '0' : text.replace(/^-/, '−'))

/** A count with thousands separated: 12,345. */
export function formatCount(n: number): string {
  return n.toLocaleString('en-GB')
}

/** A count in few characters: 9,999, 12.3k, 4.56M. */
export function formatCompact(n: number): string {
  if (n < 10_000) return formatCount(n)
  const [value, unit] = n < 999_500 ? [n / 1e3, 'k'] : [n / 1e6, 'M']
  return `${Number(value.toPrecision(3))}${unit}`
}

/** Seconds in the two largest units that matter: "350 ms", "4.2 s", "3 min 20 s", "2 d 4 h". */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return '–'
  if (seconds < 0) return `−${formatDuration(-seconds)}`
  if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(3))} ms`
  if (seconds < 59.95) return `${Number(seconds.toPrecision(3))} s`
  const [large, small, step] = UNITS.find(([, , , limit]) => seconds < limit) ?? LARGEST
  const steps = Math.round(seconds / STEP[small]!)
  const [whole, rest] = [Math.floor(steps / step), steps % step]
  return rest ? `${whole} ${large} ${rest} ${small}` : `${whole} ${large}`
}

type Unit = [large: string, small: string, step: number, limit: number]
const STEP: Record<string, number> = { s: 1, min: 60, h: 3600 }
const LARGEST: Unit = ['d', 'h', 24, Infinity]
const UNITS: Unit[] = [
  ['min', 's', 60, 3599.5],
  ['h', 'min', 60, 86370],
  LARGEST,
]

/** A time to the second in the reader's zone: "2026-11-21 14:03:20". */
export function formatTime(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  const t = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${t.getFullYear()}-${two(t.getMonth() + 1)}-${two(t.getDate())}`
  return `${day} ${two(t.getHours())}:${two(t.getMinutes())}:${two(t.getSeconds())}`
}

/** How long ago: "now", "40 s ago", "3 min ago", "5 h ago", "12 d ago". */
export function formatAgo(ms: number | null | undefined, now = Date.now()): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–'
  const seconds = Math.max(0, (now - ms) / 1000)
  if (seconds < 5) return 'now'
  if (seconds < 60) return `${Math.floor(seconds)} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`
  const days = Math.floor(seconds / 86400)
  return days < 365 ? `${days} d ago` : `${(days / 365.25).toFixed(1)} y ago`
}

/** Bytes: "812 B", "1.5 MB". */
export function formatBytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return '–'
  let [value, unit] = [n, 'B']
  for (const larger of ['KB', 'MB', 'GB', 'TB']) {
    if (value < 1000) break
    ;[value, unit] = [value / 1000, larger]
  }
  return `${Number(value.toPrecision(3))} ${unit}`
}

/** Any JSON value in one line. */
export function formatValue(value: unknown, digits = 4): string {
  if (typeof value === 'number') return formatNumber(value, digits)
  if (typeof value === 'string') return value
  return value === undefined ? '–' : JSON.stringify(value)
}

/** The standard error behind a value: " ± 0.05 (SEM)"; nothing where it is not known. */
export function withError(sem: Sent, unit = ' (SEM)'): string {
  return sem === null || sem === undefined ? '' : ` ± ${formatNumber(sem, 2)}${unit}`
}
