import { formatNumber, formatTime } from '../format'
import type { Axis } from './scene'

/** A value in the words of its axis. */
export function axisText(axis: Axis, value: number): string {
  if (axis.kind === 'time') return formatTime(value)
  if (axis.kind === 'category') return axis.labels?.[Math.round(value)] ?? '–'
  return formatNumber(value, 6)
}
