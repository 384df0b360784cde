/** An exponential moving average, corrected for its start; gaps stay gaps. */
export function smooth(values: ArrayLike<number>, weight: number): Float64Array {
  const result = new Float64Array(values.length)
  let sum = 0
  let seen = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) {
      result[i] = NaN
      continue
    }
    sum = weight * sum + (1 - weight) * value
    seen++
    result[i] = sum / (1 - weight ** seen)
  }
  return result
}
