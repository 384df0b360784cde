import { useEffect, useRef, useState } from 'preact/hooks'
import { download } from '../../charts/ChartMenu'
import { Button, Empty, Menu, Select, Spinner, toast, toastError } from '../../components'
import { useRestOfScreen } from '../../components/useRestOfScreen'
import { useQuery } from '../../data/query'
import { source } from '../../data/source'
import { formatCount, formatDuration } from '../../logic/format'
import { resultCsv, resultText } from '../../logic/sql/cells'
import { quoted } from '../../logic/sql/complete'
import { examples } from '../../logic/sql/examples'
import { useTitle } from '../../logic/title'
import { useUrlState } from '../../logic/urlState'
import { useMedia } from '../../logic/useMedia'
import { meta } from '../../state/session'
import { Editor } from './Editor'
import { HistoryDialog } from './HistoryDialog'
import { ResultChart } from './ResultChart'
import { ResultTable } from './ResultTable'
import { SchemaTree } from './SchemaTree'
import { useSql, type SqlAnswer } from './useSql'
import './sql.css'

const LIMITS = ['100', '1000', '10000'].map((value) => ({ value, label: formatCount(Number(value)) }))
/** Longer queries are not in the address, which some programs would cut. */
const MOST_OF_ADDRESS = 8000

/** Where people ask the database in SQL. */
export default function SqlPage() {
  useTitle('SQL')
  const about = meta.value
  if (!about) return <Spinner />
  if (!about.sql) return <Empty>There are no queries in SQL here: {about.sql_refusal}.</Empty>
  return <Console />
}

function Console() {
  const [shared, setShared] = useUrlState('q', '')
  const [limit, setLimit] = useUrlState('limit', '1000')
  const [draft, setDraft] = useState(shared)
  const area = useRef<HTMLTextAreaElement>(null)
  const [jump, setJump] = useState({ place: 0, request: 0 })
  const [hasHistory, setHistory] = useState(false)
  const isNarrow = useMedia('(max-width: 760px)')
  const schema = useQuery('sql-schema', (signal) => source().sqlSchema(signal))
  const { answer, mistake, isRunning, run, cancel } = useSql()
  const dialect = schema.data?.dialect ?? 'sqlite'

  const start = (query: string, rows = limit) => {
    setShared(query.length <= MOST_OF_ADDRESS ? query : '')
    if (query.trim()) void run(query, Number(rows))
  }
  useEffect(() => {
    if (shared) start(shared)
  }, [])
  const write = (text: string, place: number) => {
    setDraft(text)
    setJump({ place, request: jump.request + 1 })
  }
  const insert = (name: string) => {
    const text = quoted(name, dialect)
    const cursor = area.current?.selectionStart ?? draft.length
    write(draft.slice(0, cursor) + text + draft.slice(cursor), cursor + text.length)
  }
  const place = mistake?.query === draft ? mistake.place : undefined
  const tree = <SchemaTree schema={schema} onInsert={insert} />
  return (
    <div class="sql-page">
      <h1 class="visually-hidden">Queries in SQL</h1>
      <aside class="sql-schema" aria-label="Tables">
        {isNarrow ? (
          <details>
            <summary>Tables</summary>
            {tree}
          </details>
        ) : (
          tree
        )}
      </aside>
      <div class="sql-main">
        <Editor
          value={draft}
          onChange={setDraft}
          onRun={() => start(draft)}
          schema={schema.data}
          mistake={place}
          area={area}
          jump={jump}
        />
        <div class="sql-tools">
          {isRunning ? (
            <Button onClick={cancel}>Cancel</Button>
          ) : (
            <Button kind="primary" title="Run (Ctrl+Enter)" disabled={!draft.trim()} onClick={() => start(draft)}>
              Run
            </Button>
          )}
          {isRunning && <Spinner label="The query runs" />}
          <Select
            label="Rows"
            value={limit}
            options={LIMITS}
            onChange={(rows) => {
              setLimit(rows)
              if (answer) start(answer.query, rows)
            }}
          />
          <Select
            label="Example"
            hideLabel
            value=""
            options={[
              { value: '', label: 'Examples…' },
              ...examples(dialect).map(({ title }, i) => ({ value: String(i), label: title })),
            ]}
            onChange={(chosen) => {
              const example = examples(dialect)[Number(chosen)]
              if (!chosen || !example) return
              write(example.query, example.query.length)
              start(example.query)
            }}
          />
          <Button onClick={() => setHistory(true)}>History</Button>
          <span class="muted sql-hint">Reads only{schema.data && `, ${formatDuration(schema.data.seconds)} at most`}</span>
        </div>
        <p id="sql-mistake" class={mistake ? 'failure' : ''} role="alert">
          {mistake && where(mistake.query, mistake.place)}
          {mistake?.reason}
        </p>
        {answer && <Answer answer={answer} stale={isRunning || mistake !== undefined} />}
        {!answer && !mistake && !isRunning && (
          <Empty>Write a query, or begin with an example. Ctrl+Enter runs it, Ctrl+Space offers words.</Empty>
        )}
      </div>
      {hasHistory && (
        <HistoryDialog
          onClose={() => setHistory(false)}
          onPick={(query) => requestAnimationFrame(() => write(query, query.length))}
        />
      )}
    </div>
  )
}

function Answer({ answer, stale }: { answer: SqlAnswer; stale: boolean }) {
  const [view, setView] = useUrlState('view', 'table')
  const [box, rest] = useRestOfScreen()
  const { rows, columns, seconds, truncated } = answer
  const why = { rows: 'there are more', bytes: 'the rest is too large' }
  const copy = async () => {
    await navigator.clipboard.writeText(resultText(answer))
    toast('The result is in the clipboard.')
  }
  const csv = () => download(new Blob([resultCsv(answer)], { type: 'text/csv;charset=utf-8' }), 'result.csv')
  return (
    <section class={stale ? 'sql-answer stale' : 'sql-answer'} aria-label="Answer">
      <div class="sql-tools">
        <span role="status">
          {formatCount(rows.length)} {rows.length === 1 ? 'row' : 'rows'}
          {truncated && ` (${why[truncated]})`} in {formatDuration(seconds)}
        </span>
        <span class="sql-views" role="group" aria-label="Show the result as">
          {(['table', 'chart'] as const).map((each) => (
            <Button key={each} aria-pressed={view === each} onClick={() => setView(each)}>
              {each === 'table' ? 'Table' : 'Chart'}
            </Button>
          ))}
        </span>
        <Menu
          label="Menu of the result"
          items={[
            { label: 'Download CSV', onClick: csv },
            { label: 'Copy', onClick: () => void copy().catch(toastError) },
          ]}
        />
      </div>
      <div ref={box}>
        {view === 'chart' ? (
          <ResultChart grid={answer} height={Math.max(280, rest - 120)} />
        ) : columns.length === 0 || rows.length === 0 ? (
          <Empty>The query found no rows.</Empty>
        ) : (
          <ResultTable key={answer.query} grid={answer} height={Math.max(260, rest - 10)} />
        )}
      </div>
    </section>
  )
}

/** "Line 2: ", where a mistake is in a query of several lines. */
function where(query: string, place: number | undefined): string {
  if (place === undefined || !query.trim().includes('\n')) return ''
  return `Line ${query.slice(0, place).split('\n').length}: `
}
