import { statusStyles } from './history'
import { count, type Bars, type Scene } from './scene'
import type { Table } from './table'

/** Running trials older than this many times the longest finished one have probably died. */
const STALE = 5

/** When each trial ran, one line each or in as few lanes as possible. */
export function timelineScene(table: Table, options: { packed: boolean; now: number }): Scene {
  const [start, finish, number] = [table.get('start'), table.get('finish'), table.get('number')]
  const status = table.status()
  const begun = [...start.keys()].filter((i) => Number.isFinite(start[i]))
  const end = ends(start, finish, begun, options.now)
  const order = begun.sort((a, b) => start[a]! - start[b]!)
  const hasArms = number.some((each) => each < 0) // these count down
  const lanes = options.packed
    ? packed(order.map((i) => [start[i]!, end.get(i)!]))
    : order.map((i) => (hasArms ? i : number[i]!))
  const styles = statusStyles(begun.map((i) => status[i]!))
  const places = new Map(styles.map((style, i) => [style.status, i]))
  const bars: Bars = {
    kind: 'bars',
    from: order.map((i) => start[i]!),
    to: order.map((i) => end.get(i)!),
    lane: lanes,
    ids: order.map((i) => number[i]!),
    style: order.map((i) => places.get(status[i]!)!),
    styles: styles.map(({ ink, word }) => ({ ink, shape: 'square', label: word })),
  }
  return {
    x: { label: 'Time', kind: 'time' },
    y: { label: options.packed ? 'At once' : hasArms ? 'Arm' : 'Trial', kind: 'integer' },
    layers: [bars],
    notes: [],
    summary: `When ${count(order.length, 'trial')} ran.`,
  }
}

/** A trial that runs ends now, but a dead one must not stretch the axis. */
export function ends(
  start: Float64Array,
  finish: Float64Array,
  begun: readonly number[],
  now: number,
): Map<number, number> {
  const done = begun.filter((i) => Number.isFinite(finish[i]))
  const longest = done.reduce((most, i) => Math.max(most, finish[i]! - start[i]!), 0)
  const last = begun.reduce(
    (most, i) => Math.max(most, Number.isFinite(finish[i]) ? finish[i]! : start[i]!),
    -Infinity,
  )
  const end = (i: number) => {
    if (Number.isFinite(finish[i])) return finish[i]!
    const alive = done.length === 0 || now - start[i]! <= STALE * longest
    return alive ? now : Math.max(start[i]!, Math.min(last, start[i]! + STALE * longest))
  }
  return new Map(begun.map((i) => [i, end(i)]))
}

/** A lane for each interval, so that none in a lane overlap; intervals come by their start. */
export function packed(intervals: readonly (readonly [number, number])[]): number[] {
  const free: number[] = []
  return intervals.map(([from, to]) => {
    const found = free.findIndex((end) => end <= from)
    const lane = found < 0 ? free.length : found
    free[lane] = to
    return lane
  })
}
