import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { complete, suggestions } from '../logic/filterWords'

interface FilterBoxProps {
  value: string
  onChange: (value: string) => void
  params: readonly string[]
  attrs: readonly string[]
  /** What is wrong with a filter; undefined if nothing. */
  check?: ((text: string) => Promise<string | undefined>) | undefined
  label?: string | undefined
}

const PAUSE = 400

/** Where trials are chosen by a text; a filter with a mistake is not applied but explained. */
export function FilterBox(props: FilterBoxProps) {
  const { value, onChange, params, attrs, check, label = 'Filter trials' } = props
  const [draft, setDraft] = useState(value)
  const [mistake, setMistake] = useState<string | undefined>()
  const [offered, setOffered] = useState<string[]>([])
  const [active, setActive] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const latest = useRef(value)
  const id = useId()

  useEffect(() => {
    if (value === latest.current) return
    latest.current = value
    setDraft(value)
    setMistake(undefined)
  }, [value])

  const apply = async (text: string) => {
    latest.current = text
    const wrong = text.trim() && check ? await check(text.trim()) : undefined
    if (latest.current !== text) return
    setMistake(wrong)
    if (wrong === undefined) {
      latest.current = text.trim()
      onChange(text.trim())
    }
  }

  useEffect(() => {
    if (draft.trim() === latest.current.trim()) return undefined
    const timer = setTimeout(() => void apply(draft), PAUSE)
    return () => clearTimeout(timer)
  }, [draft])

  const offer = (text: string, place: number) => {
    setOffered(suggestions(text, place, params, attrs))
    setActive(-1)
  }
  const take = (word: string) => {
    const place = input.current?.selectionStart ?? draft.length
    const [text, end] = complete(draft, place, word)
    setDraft(text)
    setOffered([])
    requestAnimationFrame(() => input.current?.setSelectionRange(end, end))
  }
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
        placeholder="Filter: value < 0.3 and params.lr < 1e-3 or running"
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
        onBlur={() => setOffered([])}
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
      {mistake && (
        <span id={`${id}-mistake`} class="field-error" role="alert">
          {mistake}
        </span>
      )}
    </div>
  )
}
