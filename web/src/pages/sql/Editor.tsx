import type { RefObject } from 'preact'
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { SqlSchema } from '../../data/api.gen'
import { offers, take, type Offer } from '../../logic/sql/complete'
import { tokens, wordEnd } from '../../logic/sql/tokens'

interface EditorProps {
  value: string
  onChange(value: string): void
  onRun(): void
  schema: SqlSchema | undefined
  /** Where the server found a mistake. */
  mistake: number | undefined
  /** The field itself: others insert something where its cursor is. */
  area: RefObject<HTMLTextAreaElement>
  /** A place to put the cursor to; the number of the request makes each one new. */
  jump: { place: number; request: number }
}

/** Where a query is written: colours, completion, and a mark where it is wrong. */
export function Editor({ value, onChange, onRun, schema, mistake, area, jump }: EditorProps) {
  const colours = useRef<HTMLPreElement>(null)
  const [offered, setOffered] = useState<Offer[]>([])
  const [active, setActive] = useState(-1)
  const [spot, setSpot] = useState({ line: 0, column: 0 })
  const id = useId()

  useLayoutEffect(() => {
    if (jump.request === 0) return
    area.current?.focus()
    area.current?.setSelectionRange(jump.place, jump.place)
  }, [jump.request])
  useEffect(() => {
    document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const scroll = () => {
    if (!area.current || !colours.current) return
    const { scrollLeft, scrollTop } = area.current
    colours.current.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`
  }
  useLayoutEffect(scroll, [value])
  const place = () => area.current?.selectionStart ?? value.length
  const offer = (text: string, at: number, all = false) => {
    const lines = text.slice(0, at).split('\n')
    const typed = /[\p{L}\p{N}_$]*$/u.exec(lines.at(-1)!)![0].length
    setSpot({ line: lines.length, column: lines.at(-1)!.length - typed })
    setOffered(offers(text, at, schema, all))
    setActive(-1)
  }
  const accept = (chosen: Offer) => {
    const [text, end] = take(value, place(), chosen, schema?.dialect ?? 'sqlite')
    setOffered([])
    onChange(text)
    requestAnimationFrame(() => area.current?.setSelectionRange(end, end))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const isCommand = event.ctrlKey || event.metaKey
    if (isCommand && event.key === 'Enter') {
      setOffered([])
      onRun()
    } else if (isCommand && event.key === ' ') offer(value, place(), true)
    else if (!offered.length) return
    else if (step) setActive((active + step + offered.length + (active < 0 && step < 0 ? 1 : 0)) % offered.length)
    else if (event.key === 'Enter' && offered[active]) accept(offered[active])
    else if (event.key === 'Tab' && !event.shiftKey) accept(offered[Math.max(0, active)]!)
    else if (event.key === 'Escape') setOffered([])
    else return
    event.preventDefault()
  }

  return (
    <div class="sql-editor">
      <div class="sql-colours" aria-hidden="true">
        <pre ref={colours}>
          <Coloured sql={value} mistake={mistake} />
        </pre>
      </div>
      <textarea
        ref={area}
        role="combobox"
        data-key="/"
        aria-label="Query in SQL"
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-invalid={mistake === undefined ? undefined : true}
        aria-describedby="sql-mistake"
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        wrap="off"
        rows={9}
        placeholder="SELECT * FROM runs"
        value={value}
        onInput={(event) => {
          const { value: text, selectionStart } = event.currentTarget
          onChange(text)
          offer(text, selectionStart)
        }}
        onKeyDown={onKeyDown}
        onClick={() => setOffered([])}
        onBlur={() => setOffered([])}
        onScroll={scroll}
      />
      {offered.length > 0 && (
        <ul
          id={`${id}-list`}
          class="offers sql-offers"
          role="listbox"
          aria-label="Completions"
          style={{
            '--line': spot.line - (area.current?.scrollTop ?? 0) / lineHeight(area.current),
            '--column': spot.column,
            '--shift': `${area.current?.scrollLeft ?? 0}px`,
          }}
        >
          {offered.map((each, i) => (
            <li
              key={each.word}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === active}
              onMouseDown={(event) => {
                event.preventDefault()
                accept(each)
              }}
            >
              <span>{each.word}</span>
              <span class="what">{each.what}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Coloured({ sql, mistake }: { sql: string; mistake: number | undefined }) {
  const end = mistake === undefined ? -1 : wordEnd(sql, mistake)
  return (
    <>
      {tokens(sql).map(({ kind, text, start }) => {
        const isWrong = mistake !== undefined && start < Math.max(end, mistake + 1) && start + text.length > mistake
        return (
          <span key={start} class={isWrong ? `${kind} wrong` : kind}>
            {text}
          </span>
        )
      })}
      {mistake !== undefined && mistake >= sql.length && <span class="wrong"> </span>}
      {'\n'}
    </>
  )
}

function lineHeight(area: HTMLTextAreaElement | null): number {
  return area ? Number.parseFloat(getComputedStyle(area).lineHeight) || 20 : 20
}
