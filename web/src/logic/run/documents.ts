export interface Item {
  /** Names from the outermost to the innermost, with dots between. */
  path: string
  value: unknown
}

/** The values of a document with the paths to them; lists and empty objects are values. */
export function flattened(document: unknown, prefix = ''): Item[] {
  if (!isObject(document) || (prefix && !Object.keys(document).length)) {
    return document === null && !prefix ? [] : [{ path: prefix, value: document }]
  }
  return Object.entries(document).flatMap(([name, value]) =>
    flattened(value, prefix ? `${prefix}.${name}` : name),
  )
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Those whose path or value has the text in it, whatever the case. */
export function matching(items: readonly Item[], text: string): Item[] {
  const wanted = text.trim().toLowerCase()
  if (!wanted) return [...items]
  return items.filter(({ path, value }) => `${path}\n${valueText(value)}`.toLowerCase().includes(wanted))
}

/** A value as it was stored: numbers exactly, texts without quotes, anything else as JSON. */
export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value) ?? ''
