/** A JSON value as Python writes it. */
export function pythonText(value: unknown): string {
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(pythonText).join(', ')}]`
  if (typeof value !== 'object') return String(value)
  const items = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${pythonText(each)}`)
  return `{${items.join(', ')}}`
}

export const enqueueLine = (params: Record<string, unknown>): string => `study.enqueue_trial(${pythonText(params)})`
