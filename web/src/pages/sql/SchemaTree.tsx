import { useState } from 'preact/hooks'
import { Failed, Spinner } from '../../components'
import type { SqlSchema, SqlTable } from '../../data/api.gen'
import type { Query } from '../../data/query'
import { formatCompact } from '../../logic/format'

/** Tables without rows come last. */
const inUse = (tables: readonly SqlTable[]) => [...tables].sort((a, b) => Number(a.rows === 0) - Number(b.rows === 0))

interface SchemaTreeProps {
  schema: Query<SqlSchema>
  /** Put a name into the query. */
  onInsert(name: string): void
}

/** Tables and views with their columns; a click puts a name into the query. */
export function SchemaTree({ schema, onInsert }: SchemaTreeProps) {
  const [words, setWords] = useState('')
  const { data, error, reload } = schema
  if (error && !data) return <Failed error={error} retry={reload} />
  if (!data) return <Spinner />
  const found = inUse(data.tables).filter((table) => fits(table, words.trim().toLowerCase()))
  return (
    <>
      <input
        type="search"
        class="search-input"
        aria-label="Find tables and columns"
        placeholder="Find tables and columns"
        value={words}
        onInput={(event) => setWords(event.currentTarget.value)}
      />
      <ul class="sql-tables" aria-label="Tables">
        {found.map((table) => (
          <TableItem key={table.name} table={table} open={words.trim() !== ''} onInsert={onInsert} />
        ))}
      </ul>
      {found.length === 0 && <p class="muted">Nothing has such a name.</p>}
    </>
  )
}

function TableItem({ table, open, onInsert }: { table: SqlTable; open: boolean; onInsert(name: string): void }) {
  const { name, is_view, rows, columns } = table
  const [opened, setOpened] = useState(false)
  const isOpen = open || opened
  const about = is_view ? 'view' : rows === null ? '' : formatCompact(rows)
  return (
    <li>
      <div class="sql-table">
        <button
          type="button"
          class="toggle"
          aria-expanded={isOpen}
          aria-label={`Columns of ${name}`}
          onClick={() => setOpened(!isOpen)}
        >
          {isOpen ? '▾' : '▸'}
        </button>
        <button type="button" class="name" title={`Insert ${name}`} onClick={() => onInsert(name)}>
          {name}
        </button>
        <span class="muted" title={is_view || rows === null ? undefined : `about ${rows.toLocaleString('en')} rows`}>
          {about}
        </span>
      </div>
      {isOpen && (
        <ul class="sql-columns" aria-label={`Columns of ${name}`}>
          {columns.map((column) => (
            <li key={column.name}>
              <button type="button" class="name" title={`Insert ${column.name}`} onClick={() => onInsert(column.name)}>
                {column.name}
              </button>
              <span class="muted">{column.type.toLowerCase()}</span>
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

function fits({ name, columns }: SqlTable, words: string): boolean {
  return !words || [name, ...columns.map((column) => column.name)].some((each) => each.toLowerCase().includes(words))
}
