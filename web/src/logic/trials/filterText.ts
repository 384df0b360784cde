const PLAIN = /^[A-Za-z_]\w*$/
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

/** A name as the language of filters writes it: `params.lr`, `params."weight decay"`. */
export function filterName(scope: string, name: string): string {
  return `${scope}.${PLAIN.test(name) ? name : quoted(name)}`
}

export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

const written = (value: string): string => (NUMBER.test(value) ? value : quoted(value))

/** The parts of a filter that are joined by "and", with everything in quotes and parentheses whole. */
export function clauses(filter: string): string[] {
  if (!filter.trim()) return []
  const found = split(filter, 'and')
  return split(filter, 'or').length > 1 ? [`(${filter.trim()})`] : found
}

/** The values that `name in (…)` of the filter lets through; undefined where it says nothing of it. */
export function chosenValues(filter: string, name: string): string[] | undefined {
  const clause = clauses(filter).find((each) => isAbout(each, name))
  if (!clause) return undefined
  const list = clause.slice(clause.indexOf('(') + 1, clause.lastIndexOf(')'))
  return listed(list)
}

/** The filter with another `name in (…)`; without one, if everything or nothing is chosen. */
export function withValues(filter: string, name: string, values: string[] | undefined): string {
  const others = clauses(filter).filter((each) => !isAbout(each, name))
  if (values?.length) others.push(`${name} in (${values.map(written).join(', ')})`)
  return unwrapped(others)
}

export const hasFlag = (filter: string, flag: string): boolean => clauses(filter).some((each) => each.toLowerCase() === flag)

export function withFlag(filter: string, flag: string, on: boolean): string {
  const others = clauses(filter).filter((each) => each.toLowerCase() !== flag)
  return unwrapped(on ? [...others, flag] : others)
}

function unwrapped(parts: string[]): string {
  const [only] = parts
  const isGroup = parts.length === 1 && only?.startsWith('(') && split(only.slice(1, -1), 'or').length > 1
  return isGroup && only ? only.slice(1, -1) : parts.join(' and ')
}

function isAbout(clause: string, name: string): boolean {
  return clause.toLowerCase().startsWith(`${name.toLowerCase()} in (`) && clause.endsWith(')')
}

const listed = (list: string): string[] => split(list, ',').map((each) => (/^["']/.test(each) ? each.slice(1, -1).replace(/\\(.)/g, '$1') : each))

function split(text: string, separator: 'and' | 'or' | ','): string[] {
  const word = separator === ',' ? /,/y : new RegExp(`\\s+${separator}\\s+`, 'iy')
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string
    if (char === '"' || char === "'") at = endOfQuote(text, at)
    else if ('(['.includes(char)) depth += 1
    else if (')]'.includes(char)) depth -= 1
    else if (depth === 0) {
      word.lastIndex = at
      const match = word.exec(text)
      if (match) {
        parts.push(text.slice(start, at).trim())
        start = at + match[0].length
        at = start - 1
      }
    }
  }
  return [...parts, text.slice(start).trim()].filter(Boolean)
}

function endOfQuote(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === text[start]) return at
  }
  return text.length
}
