import { useMemo, useState } from 'preact/hooks'
import { Checkbox } from '../../../components'
import { useVirtualRows } from '../../../components/useVirtualRows'
import type { RunColumn } from '../../../data/api.gen'
import { formatCount } from '../../../logic/format'
import { type PickLine, pickLines } from '../../../logic/runs/picker'
import { ROW } from './sizes'

interface PickListProps {
  label: string
  columns: readonly RunColumn[]
  isPicked(key: string): boolean
  onPick(key: string): void
}

/** Columns to pick from, found by words; of thousands only those in sight are drawn. */
export function PickList({ label, columns, isPicked, onPick }: PickListProps) {
  const [search, setSearch] = useState('')
  const lines = useMemo(() => pickLines(columns, search), [columns, search])
  const virtual = useVirtualRows(lines.length, ROW, 6)
  return (
    <div class="pick-list">
      <input
        type="search"
        class="search-input"
        aria-label={label}
        placeholder={`Search ${formatCount(columns.length)} columns`}
        autocomplete="off"
        spellcheck={false}
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      <div class="pick-box" ref={virtual.box} role="group" aria-label={label} tabIndex={-1}>
        <div style={{ height: virtual.height, position: 'relative' }}>
          {virtual.items.map(({ index, start }) => (
            <div key={index} class="pick-line" style={{ transform: `translateY(${start}px)`, height: ROW }}>
              {lines[index] && <Pick line={lines[index]} isPicked={isPicked} onPick={onPick} />}
            </div>
          ))}
        </div>
      </div>
      {!lines.length && <p class="muted">No column has these words.</p>}
    </div>
  )
}

function Pick({ line, isPicked, onPick }: { line: PickLine } & Pick<PickListProps, 'isPicked' | 'onPick'>) {
  if (line.kind === 'head')
    return (
      <strong>
        {line.text} <span class="muted">{formatCount(line.count)}</span>
      </strong>
    )
  if (line.kind === 'column') {
    const { key, label } = line.column
    return <Checkbox label={label} checked={isPicked(key)} onChange={() => onPick(key)} />
  }
  return (
    <>
      <span class="pick-name" title={line.name}>
        {line.name}
      </span>
      <span class="pick-words">
        {line.columns.map(({ word, column: { key } }) => (
          <button key={key} type="button" class="chip" aria-pressed={isPicked(key)} aria-label={`${word} of ${line.name}`} onClick={() => onPick(key)}>
            {word}
          </button>
        ))}
      </span>
    </>
  )
}
