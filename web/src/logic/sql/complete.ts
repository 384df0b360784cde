import type { SqlSchema } from '../../data/api.gen'
import { KEYWORDS, tokens, type Token } from './tokens'

export interface Offer {
  word: string
  /** What it is, in a word or a type. */
  what: string
}

const FUNCTIONS = 'count sum avg min max round abs coalesce lower upper length replace substr row_number rank lag lead'
const MOST = 12
const WORD = /[\p{L}\p{N}_$]*$/u
const PLAIN = /^[a-z_][a-z0-9_]*$/

/** What could stand at a place of a query, the likeliest first; `all` offers before anything is typed. */
export function offers(sql: string, place: number, schema: SqlSchema | undefined, all = false): Offer[] {
  const typed = WORD.exec(sql.slice(0, place))![0]
  const before = tokens(sql.slice(0, place - typed.length)).filter(isCode)
  const last = before.at(-1)
  if (isInQuotes(sql, place)) return []
  if (last?.text === '.') return fitting(columnsOf(before.at(-2)?.text ?? '', sql, schema), typed, true)
  if (!typed && !all) return []
  const tables = (schema?.tables ?? [])
    .map(({ name, is_view }) => ({ word: name, what: is_view ? 'view' : 'table' }))
    .sort((a, b) => Number(isOwned(a.word)) - Number(isOwned(b.word)))
  if (/^(from|join)$/i.test(last?.text ?? '')) return fitting(tables, typed, all)
  const named = mentioned(sql, schema)
  const from = named.length ? named : tables.map(({ word }) => word)
  const columns = from.flatMap((name) => columnsOf(name, sql, schema))
  const words = [
    ...[...KEYWORDS].map((word) => ({ word: word.toUpperCase(), what: 'keyword' })),
    ...FUNCTIONS.split(' ').map((word) => ({ word: `${word}(`, what: 'function' })),
  ]
  return fitting([...columns, ...tables, ...words], typed, all)
}

/** The query with an offer in the place of the word that is typed, and where to type on. */
export function take(sql: string, place: number, { word }: Offer, dialect: SqlSchema['dialect']): [string, number] {
  const typed = WORD.exec(sql.slice(0, place))![0]
  const start = place - typed.length
  const text = KEYWORDS.has(word.toLowerCase()) || word.endsWith('(') ? word : quoted(word, dialect)
  return [sql.slice(0, start) + text + sql.slice(place), start + text.length]
}

/** A name as a query needs it. */
export function quoted(name: string, dialect: SqlSchema['dialect']): string {
  if (PLAIN.test(name) && !KEYWORDS.has(name)) return name
  const quote = dialect === 'mysql' ? '`' : '"'
  return quote + name.replaceAll(quote, quote + quote) + quote
}

/** Whether a table belongs to another tool, and is seldom meant. */
const isOwned = (table: string) => table.startsWith('ax_')

const isCode = ({ kind }: Token) => kind !== 'space' && kind !== 'comment'

function isInQuotes(sql: string, place: number): boolean {
  const at = tokens(sql).find(({ start, text }) => start < place && place < start + text.length)
  const last = tokens(sql.slice(0, place)).at(-1)
  const open = last?.kind === 'string' && (last.text.length === 1 || !last.text.endsWith("'"))
  return at?.kind === 'string' || at?.kind === 'comment' || last?.kind === 'comment' || open
}

function fitting(found: Offer[], typed: string, all: boolean): Offer[] {
  const start = typed.toLowerCase()
  const seen = new Set<string>()
  const fits = found.filter(({ word }) => {
    const plain = word.toLowerCase()
    if (seen.has(plain) || (!all && plain === start) || !plain.startsWith(start)) return false
    seen.add(plain)
    return true
  })
  return fits.slice(0, typed ? MOST : 200)
}

/** Names of the tables that a query speaks of. */
function mentioned(sql: string, schema: SqlSchema | undefined): string[] {
  const words = new Set(tokens(sql).filter(({ kind }) => kind === 'name').map(({ text }) => plain(text)))
  return (schema?.tables ?? []).map(({ name }) => name).filter((name) => words.has(name.toLowerCase()))
}

/** The columns of a table, by its name or by the alias that the query gives it. */
function columnsOf(name: string, sql: string, schema: SqlSchema | undefined): Offer[] {
  const wanted = aliases(sql).get(plain(name)) ?? plain(name)
  const table = schema?.tables.find((each) => each.name.toLowerCase() === wanted)
  return (table?.columns ?? []).map(({ name: word, type }) => ({ word, what: type.toLowerCase() }))
}

function aliases(sql: string): Map<string, string> {
  const code = tokens(sql).filter(isCode)
  const found = new Map<string, string>()
  code.forEach((token, i) => {
    if (!/^(from|join|,)$/i.test(token.text) || code[i + 1]?.kind !== 'name') return
    const alias = code[i + 2]?.text.toLowerCase() === 'as' ? code[i + 3] : code[i + 2]
    if (alias?.kind === 'name') found.set(plain(alias.text), plain(code[i + 1]!.text))
  })
  return found
}

const plain = (name: string) => name.replaceAll(/["`]/g, '').toLowerCase()
