// @vitest-environment happy-dom
import { beforeEach, describe, expect, test } from 'vitest'
import type { SqlColumn, SqlSchema } from '../../data/api.gen'
import { numberOf, resultCsv, resultText, timeOf, widths, type Grid } from './cells'
import { firstChoice, MOST_BARS, MOST_SERIES, resultScene } from './chart'
import { offers, quoted, take } from './complete'
import { examples } from './examples'
import { forget, ran, remember, search } from './history'
import { placeIn, tokens, wordEnd } from './tokens'

const schema: SqlSchema = {
  dialect: 'sqlite',
  seconds: 10,
  tables: [
    table('experiments', ['id', 'name', 'kind']),
    table('runs', ['id', 'status', 'time_started', 'my value']),
    table('metrics_long', ['run_id', 'step', 'value']),
  ],
}

function table(name: string, columns: string[]) {
  return { name, is_view: false, rows: 1, columns: columns.map((column) => ({ name: column, type: 'TEXT' })) }
}

const words = (sql: string, all = false, place = sql.length) => offers(sql, place, schema, all).map(({ word }) => word)

describe('pieces of a query', () => {
  test('all of the text is in them, in order', () => {
    for (const sql of ["SELECT 'it''s', \"a b\" -- end\nFROM /* x */ runs;", "'open", '/* open', '☃ = 😀', ''])
      expect(tokens(sql).map(({ text }) => text).join('')).toBe(sql)
  })

  test('what they are', () => {
    const kinds = tokens("select a.b, 'x' , 1.5 -- c").filter(({ kind }) => kind !== 'space')
    expect(kinds.map(({ kind }) => kind)).toEqual(
      ['keyword', 'name', 'sign', 'name', 'sign', 'string', 'sign', 'number', 'comment'],
    )
  })

  test('places count characters, of which the browser has some in two parts', () => {
    expect(placeIn("'😀' x", 4)).toBe(5)
    expect(wordEnd('SELECT missing FROM', 7)).toBe(14)
    expect(wordEnd('SELECT', 6)).toBe(6)
  })
})

describe('completion', () => {
  test('tables come after FROM and JOIN', () => {
    expect(words('SELECT * FROM r')).toEqual(['runs'])
    expect(words('SELECT * FROM runs JOIN ex')).toEqual(['experiments'])
  })

  test('columns are those of the tables in the query', () => {
    expect(words('SELECT st FROM runs', false, 9)).toEqual(['status'])
    expect(words('SELECT st FROM metrics_long', false, 9)).toEqual(['step'])
  })

  test('without a table columns of all are offered', () => {
    expect(words('SELECT sta')).toEqual(['status'])
  })

  test('a dot asks for the columns of a table, or of an alias', () => {
    expect(words('SELECT runs.')).toEqual(['id', 'status', 'time_started', 'my value'])
    const sql = 'SELECT m. FROM runs AS r JOIN metrics_long m ON 1'
    expect(words(sql, false, 9)).toEqual(['run_id', 'step', 'value'])
    expect(words('SELECT nothing.')).toEqual([])
  })

  test('keywords and functions are offered as well', () => {
    expect(words('SELECT * FROM runs WH')).toEqual(['WHEN', 'WHERE'])
    expect(words('SELECT cou')).toContain('count(')
  })

  test('nothing is offered for nothing, unless it is asked for', () => {
    expect(words('SELECT ')).toEqual([])
    expect(words('SELECT ', true)).toContain('status')
  })

  test('nothing is offered in quotes and comments', () => {
    expect(words("SELECT 'sta")).toEqual([])
    expect(words('SELECT 1 -- sta')).toEqual([])
    expect(words("SELECT 'sta' FROM runs", false, 11)).toEqual([])
  })

  test('a word that is taken replaces what is typed of it', () => {
    expect(take('SELECT st FROM runs', 9, { word: 'status', what: '' }, 'sqlite')).toEqual(['SELECT status FROM runs', 13])
    expect(take('SELECT cou', 10, { word: 'count(', what: '' }, 'sqlite')).toEqual(['SELECT count(', 13])
  })

  test('names are quoted where they need to be', () => {
    expect(quoted('my value', 'sqlite')).toBe('"my value"')
    expect(quoted('a`b', 'mysql')).toBe('`a``b`')
    expect(quoted('order', 'postgresql')).toBe('"order"')
    expect(quoted('run_id', 'mysql')).toBe('run_id')
  })
})

describe('history', () => {
  beforeEach(forget)
  const entry = (query: string) => ({ query, at: 1, rows: 1, seconds: 0.1 })

  test('the last query is first, and each is there once', () => {
    for (const query of ['a', 'b', 'a']) remember(entry(query))
    expect(ran.value.map(({ query }) => query)).toEqual(['a', 'b'])
    expect(JSON.parse(localStorage.getItem('runbase.sql.history')!)).toEqual(ran.value)
  })

  test('a hundred are kept', () => {
    for (let i = 0; i < 130; i++) remember(entry(`SELECT ${i}`))
    expect(ran.value.length).toBe(100)
    expect(ran.value.at(-1)!.query).toBe('SELECT 30')
  })

  test('search finds those with all words', () => {
    const entries = [entry('SELECT a FROM runs'), entry('SELECT b FROM metrics')]
    expect(search(entries, 'from RUNS')).toEqual([entries[0]])
    expect(search(entries, '')).toEqual(entries)
  })
})

function column(name: string, kind: SqlColumn['kind']): SqlColumn {
  return { name, kind }
}

describe('cells', () => {
  test('numbers may come as text', () => {
    expect(['inf', '-inf', '9007199254740993', 2].map(numberOf)).toEqual([Infinity, -Infinity, 9007199254740992, 2])
    expect([numberOf('nan'), numberOf(null), numberOf('')]).toEqual([NaN, NaN, NaN])
  })

  test('times of every engine are read, in UTC unless they say otherwise', () => {
    const noon = Date.UTC(2026, 0, 2, 12)
    for (const text of ['2026-01-02 12:00:00.000000+00:00', '2026-01-02 12:00:00+00', '2026-01-02 12:00:00', '2026-01-02T12:00Z', '2026-01-02 14:00:00.5+02:00'])
      expect(Math.abs(timeOf(text) - noon)).toBeLessThan(1000)
    expect(timeOf('2026-01-02')).toBe(Date.UTC(2026, 0, 2))
    expect([timeOf('infinity'), timeOf(null), timeOf(3), timeOf('0044-03-15 BC')]).toEqual([NaN, NaN, NaN, NaN])
  })

  test('columns are as wide as what is in them', () => {
    const grid: Grid = { columns: [column('id', 'number'), column('name', 'text')], rows: [[1, 'x'.repeat(99)], [12345678, null]] }
    expect(widths(grid)).toEqual([8, 48])
  })

  test('CSV has every row, and no formulas', () => {
    const grid: Grid = {
      columns: [column('n', 'number'), column('a,b', 'text')],
      rows: [[-1, '=1+1'], [null, 'x"y'], ['nan', null]],
    }
    expect(resultCsv(grid)).toBe('n,"a,b"\r\n-1,\'=1+1\r\n,"x""y"\r\nnan,\r\n')
    expect(resultText(grid)).toBe('n\ta,b\n-1\t=1+1\n\tx"y\nnan\t')
  })
})

describe('charts', () => {
  const columns = [column('day', 'time'), column('model', 'text'), column('n', 'number')]
  const rows = [['2026-01-02', 'b', 2], ['2026-01-01', 'a', 1], ['2026-01-01', 'b', 3], ['2026-01-03', 'a', null]] as Grid['rows']

  test('what a reader probably wants is chosen first', () => {
    expect(firstChoice(columns)).toEqual({ kind: 'line', x: 0, y: 2, by: 1 })
    expect(firstChoice([columns[2]!, columns[2]!])).toEqual({ kind: 'scatter', x: 0, y: 1, by: -1 })
    expect(firstChoice([columns[1]!, columns[2]!])).toEqual({ kind: 'bar', x: 0, y: 1, by: -1 })
    expect(firstChoice([columns[2]!])).toBeUndefined()
    expect(firstChoice([columns[1]!, columns[1]!])).toBeUndefined()
  })

  test('a line for each group, from left to right, without what has no value', () => {
    const scene = resultScene({ columns, rows }, { kind: 'line', x: 0, y: 2, by: 1 })!
    expect(scene.x.kind).toBe('time')
    expect(scene.layers.map((layer) => layer.kind === 'line' && [layer.label, layer.y])).toEqual([['b', [3, 2]], ['a', [1]]])
  })

  test('bars begin at the top, and have the names of their rows', () => {
    const scene = resultScene({ columns, rows }, { kind: 'bar', x: 1, y: 2, by: -1 })!
    expect(scene.y.labels).toEqual(['b', 'a', 'b'])
    expect(scene.layers[0]?.kind === 'bars' && scene.layers[0].to).toEqual([3, 1, 2])
  })

  test('text has its places on an axis', () => {
    const scene = resultScene({ columns, rows }, { kind: 'scatter', x: 1, y: 2, by: -1 })!
    expect(scene.x.labels).toEqual(['b', 'a'])
    expect(scene.layers[0]?.kind === 'points' && scene.layers[0].x).toEqual([0, 1, 0])
  })

  test('what is left out is said', () => {
    const many = Array.from({ length: 300 }, (_, i) => ['2026-01-01', `m${i}`, i]) as Grid['rows']
    const lines = resultScene({ columns, rows: many }, { kind: 'line', x: 0, y: 2, by: 1 })!
    expect(lines.layers.length).toBe(MOST_SERIES)
    expect(lines.notes).toEqual([`The first ${MOST_SERIES} of 300 groups are drawn.`])
    const bars = resultScene({ columns, rows: many }, { kind: 'bar', x: 1, y: 2, by: -1 })!
    expect(bars.notes).toEqual([`The first ${MOST_BARS} of 300 rows are drawn.`])
  })

  test('nothing is drawn of texts, of what is not there and of no rows', () => {
    expect(resultScene({ columns, rows }, { kind: 'line', x: 0, y: 1, by: -1 })).toBeNull()
    expect(resultScene({ columns, rows }, { kind: 'line', x: 7, y: 2, by: -1 })).toBeNull()
    expect(resultScene({ columns, rows: [] }, { kind: 'line', x: 0, y: 2, by: -1 })).toBeNull()
  })
})

test('each engine has examples with titles of their own', () => {
  for (const dialect of ['sqlite', 'postgresql', 'mysql'] as const) {
    const titles = examples(dialect).map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  }
})
