export type TokenKind = 'space' | 'comment' | 'string' | 'number' | 'keyword' | 'name' | 'sign'

export interface Token {
  kind: TokenKind
  text: string
  start: number
}

const PIECE =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|(?<string>'(?:[^']|'')*(?:'|$))|(?<number>\.?\d[\w.]*)|(?<word>[\p{L}_][\p{L}\p{N}_$]*)|(?<name>"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$))|(?<sign>[\s\S])/gu

export const KEYWORDS = new Set(
  `all and as asc between by case cast cross current_date current_timestamp desc distinct else end except
  exists explain false filter first following from full group having if in inner intersect interval into is
  join lateral last left like limit materialized natural not null nulls offset on or order outer over
  partition preceding range recursive right rows select show table then true unbounded union using values
  when where window with`
    .split(/\s+/)
    .filter(Boolean),
)

/** The pieces of a query, for colours and completion; the server has its own idea of them. */
export function tokens(sql: string): Token[] {
  return Array.from(sql.matchAll(PIECE), (match) => {
    const [kind] = Object.entries(match.groups!).find(([, text]) => text !== undefined)!
    const text = match[0]
    const word = KEYWORDS.has(text.toLowerCase()) ? 'keyword' : 'name'
    return { kind: (kind === 'word' ? word : kind) as TokenKind, text, start: match.index }
  })
}

/** A place that the server counts in characters, as the browser counts it. */
export function placeIn(sql: string, characters: number): number {
  return [...sql].slice(0, characters).join('').length
}

/** The end of the word that begins at a place. */
export function wordEnd(sql: string, start: number): number {
  const token = tokens(sql).find((each) => each.start <= start && start < each.start + each.text.length)
  return token ? token.start + token.text.length : start
}
