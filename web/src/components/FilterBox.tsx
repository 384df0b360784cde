import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { complete, placeOf, suggestions } from '../logic/filterWords'

interface FilterBoxProps {
  value: string
  onChange: (value: string) => void
  /** What can stand in a filter: names, flags, and what joins them. */
  words: readonly string[]
  placeholder: string
  /** What is wrong with a filter; undefined if nothing. */
  check?: ((text: string) => Promise<string | undefined>) | undefined
  label?: string | undefined
}

const PAUSE = 400
/** How mistakes end that go away when more is typed. */
const UNFINISHED = /not the end$|does not end$/

/** Where trials are chosen by a text; a filter with a mistake is not applied but explained. */
export function FilterBox(props: FilterBoxProps) {
  const { value, onChange, words, placeholder, check, label = 'Filter trials' } = props
  const [draft, setDraft] = useState(value)
  const [mistake, setMistake] = useState<string | undefined>()
  const [offered, setOffered] = useState<string[]>([])
  const [active, setActive] = useState(-1)
  const [scrolled, setScrolled] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const latest = useRef(value)
  const id = useId()

  useEffect(() => {
    if (value === latest.current) return
    latest.current = value
    setDraft(value)
    setMistake(undefined)
  }, [value])

  const apply = async (text: string, isTyping = false) => {
    latest.current = text
    const wrong = text.trim() && check ? await check(text.trim()) : undefined
    if (latest.current !== text) return
    setMistake(isTyping && wrong && UNFINISHED.test(wrong) ? undefined : wrong)
    if (wrong === undefined) {
      latest.current = text.trim()
      onChange(text.trim())
    }
  }

  useEffect(() => {
    if (draft.trim() === latest.current.trim()) return undefined
    const timer = setTimeout(() => void apply(draft, document.activeElement === input.current), PAUSE)
    return () => clearTimeout(timer)
  }, [draft])

  const offer = (text: string, place: number) => {
    setOffered(suggestions(text, place, words))
    setActive(-1)
  }
  const take = (word: string) => {
    const place = input.current?.selectionStart ?? draft.length
    const [text, end] = complete(draft, place, word)
    setDraft(text)
    setOffered([])
    requestAnimationFrame(() => input.current?.setSelectionRange(end, end))
  }
  const place = mistake === undefined ? undefined : placeOf(mistake)
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && offered.length) {
      event.preventDefault()
      setActive((active + step + offered.length + (active < 0 && step < 0 ? 1 : 0)) % offered.length)
    } else if ((event.key === 'Enter' || event.key === 'Tab') && offered[active]) {
      event.preventDefault()
      take(offered[active])
    } else if (event.key === 'Enter') {
      setOffered([])
      void apply(draft)
    } else if (event.key === 'Escape') {
      event.preventDefault()
      if (offered.length) setOffered([])
      else input.current?.blur()
    }
  }

  return (
    <div class="filter-box" role="search">
      <input
        ref={input}
        type="text"
        role="combobox"
        data-key="/"
        class="search-input"
        aria-label={label}
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
        aria-invalid={mistake ? true : undefined}
        aria-describedby={mistake ? `${id}-mistake` : undefined}
        placeholder={placeholder}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={draft}
        onInput={(event) => {
          const { value: text, selectionStart } = event.currentTarget
          setDraft(text)
          offer(text, selectionStart ?? text.length)
        }}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOffered([])
          if (draft.trim() !== value.trim()) void apply(draft)
        }}
        onScroll={(event) => setScrolled(event.currentTarget.scrollLeft)}
      />
      {draft && (
        <button
          type="button"
          class="clear"
          aria-label="Clear the filter"
          onClick={() => {
            setDraft('')
            void apply('')
          }}
        >
          ✕
        </button>
      )}
      {place !== undefined && <Mark text={draft} place={place} shift={scrolled} />}
      <div class="filter-below">
        {mistake && (
          <span id={`${id}-mistake`} class="field-error" role="alert">
            {mistake}
          </span>
        )}
        {offered.length > 0 && (
          <ul id={`${id}-list`} class="offers" role="listbox" aria-label="Words">
            {offered.map((word, i) => (
              <li
                key={word}
                id={`${id}-${i}`}
                role="option"
                aria-selected={i === active}
                onMouseDown={(event) => {
                  event.preventDefault()
                  take(word)
                }}
              >
                {word}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  )
}

/** A wave under the word of a filter that has a mistake; the letters of the box are all equally wide. */
function Mark({ text, place, shift }: { text: string; place: number; shift: number }) {
  const length = Math.max(1, WORD.exec(text.slice(place))?.[0].length ?? 0)
  return (
    <span class="mistake" aria-hidden="true">
      <span style={{ marginLeft: `calc(${place}ch - ${shift}px)`, width: `${length}ch` }} />
    </span>
  )
}

const WORD = /^("[^"]*"?|'[^']*'?|[^\s()=<>!,]+)/
