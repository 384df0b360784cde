export interface Tick {
  value: number
  label: string
}

export function linearTicks(min: number, max: number, count: number): Tick[] {
  if (!(max > min)) return [{ value: min, label: plain(min, 3) }]
  const step = niceStep((max - min) / Math.max(1, count))
  const first = Math.ceil(min / step - 1e-9)
  const last = Math.floor(max / step + 1e-9)
  const label = labeller(step, Math.max(Math.abs(min), Math.abs(max)))
  const ticks: Tick[] = []
  for (let i = first; i <= last; i++) {
    const value = i === 0 ? 0 : Number((i * step).toPrecision(12))
    ticks.push({ value, label: label(value) })
  }
  return ticks
}

export function integerTicks(min: number, max: number, count: number): Tick[] {
  return linearTicks(min, max, Math.min(count, Math.max(1, max - min))).filter((tick) =>
    Number.isInteger(tick.value),
  )
}

export function logTicks(min: number, max: number, count: number): Tick[] {
  const low = Math.log10(min)
  const high = Math.log10(max)
  if (high - low < 1.2) {
    const few = linearTicks(min, max, count).filter((tick) => tick.value > 0)
    if (few.length >= 2) return few
  }
  const every = Math.max(1, Math.ceil((high - low) / Math.max(1, count)))
  const first = Math.ceil(low - 1e-9)
  const powers: number[] = []
  for (let e = first; e <= high + 1e-9; e++) powers.push(e)
  const major = powers.filter((e) => e % every === 0)
  const values = (major.length ? major : powers).map((e) => 10 ** e)
  if (every === 1 && values.length <= count / 2) {
    for (const e of [first - 1, ...powers])
      for (const m of values.length <= count / 4 ? [2, 5] : [3]) values.push(m * 10 ** e)
  }
  return values
    .filter((value) => value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9))
    .sort((a, b) => a - b)
    .map((value) => ({ value, label: plain(value, 3) }))
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const STEPS = [
  ...[0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14].map((n) => n * DAY),
]

export function timeTicks(min: number, max: number, count: number): Tick[] {
  const wanted = (max - min) / Math.max(1, count)
  const step = STEPS.find((s) => s >= wanted)
  return step === undefined ? monthTicks(min, max, wanted) : dayTicks(min, max, step)
}

function dayTicks(min: number, max: number, step: number): Tick[] {
  const start = new Date(min)
  const origin = new Date(start.getFullYear(), start.getMonth(), start.getDate()).getTime()
  const ticks: Tick[] = []
  for (let k = Math.ceil((min - origin) / step); origin + k * step <= max; k++) {
    const value = step >= DAY ? localDay(start, (k * step) / DAY) : origin + k * step
    if (value >= min && value <= max) ticks.push({ value, label: timeLabel(value, step) })
  }
  return ticks
}

function localDay(start: Date, days: number): number {
  return new Date(start.getFullYear(), start.getMonth(), start.getDate() + days).getTime()
}

function monthTicks(min: number, max: number, wanted: number): Tick[] {
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((m) => m * 30 * DAY >= wanted) ?? 240
  const start = new Date(min)
  const ticks: Tick[] = []
  for (let m = start.getMonth() - (start.getMonth() % months); ; m += months) {
    const date = new Date(start.getFullYear(), m, 1)
    if (date.getTime() > max) return ticks
    if (date.getTime() < min) continue
    const label =
      months >= 12
        ? String(date.getFullYear())
        : date.toLocaleDateString('en-GB', { month: 'short', year: 'numeric' })
    ticks.push({ value: date.getTime(), label })
  }
}

function timeLabel(ms: number, step: number): string {
  const date = new Date(ms)
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  if (step >= DAY || (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0))
    return day
  const clock = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  if (step >= MINUTE) return clock
  const seconds = String(date.getSeconds()).padStart(2, '0')
  return step >= SECOND
    ? `${clock}:${seconds}`
    : `${clock}:${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** Only as many labels as fit, evenly spread; every category keeps its place. */
export function categoryTicks(
  labels: readonly string[],
  min: number,
  max: number,
  count: number,
): Tick[] {
  const first = Math.max(0, Math.ceil(min))
  const last = Math.min(labels.length - 1, Math.floor(max))
  const every = Math.max(1, Math.ceil((last - first + 1) / Math.max(1, count)))
  const ticks: Tick[] = []
  for (let i = first; i <= last; i += every) ticks.push({ value: i, label: labels[i] ?? '' })
  return ticks
}

export function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const part = rough / power
  return (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power
}

function labeller(step: number, largest: number): (value: number) => string {
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  if (largest >= 1e6 || decimals > 5) {
    const digits = Math.max(
      0,
      Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step) + 1e-9),
    )
    return (value) => (value === 0 ? '0' : short(value.toExponential(Math.min(digits, 12))))
  }
  return (value) =>
    value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

export function plain(value: number, digits: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return short(value.toExponential(digits - 1))
  return String(Number(value.toPrecision(digits)))
}

function short(exponential: string): string {
  return exponential.replace(/\.?0*e/, 'e').replace('e+', 'e')
}
