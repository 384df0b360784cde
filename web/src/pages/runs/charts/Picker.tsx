import { useState } from 'preact/hooks'
import { Button, Checkbox } from '../../../components'
import { Popover } from '../../../components/Popover'

export interface Choice {
  key: string
  label: string
}

interface PickerProps {
  label: string
  /** What the button shows. */
  face: string
  choices: readonly Choice[]
  chosen: readonly string[]
  onChange: (keys: string[]) => void
}

/** More are found by typing. */
const SHOWN = 80

/** Several of many, in the order of the choices; typing finds those with all words. None is the usual ones. */
export function Picker({ label, face, choices, chosen, onChange }: PickerProps) {
  return (
    <Popover label={label} face={face}>
      <Choices label={label} choices={choices} chosen={chosen} onChange={onChange} />
    </Popover>
  )
}

function Choices({ label, choices, chosen, onChange }: Omit<PickerProps, 'face'>) {
  const [text, setText] = useState('')
  const words = text.toLowerCase().split(/\s+/)
  const found = choices.filter((choice) => words.every((word) => choice.label.toLowerCase().includes(word)))
  const on = new Set(chosen)
  const put = (key: string, wanted: boolean) =>
    onChange(choices.map((choice) => choice.key).filter((each) => (each === key ? wanted : on.has(each))))
  return (
    <div class="picker">
      <input
        type="search"
        aria-label={`Find in ${label.toLowerCase()}`}
        placeholder="Find"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <div class="picker-list">
        {found.slice(0, SHOWN).map((choice) => (
          <Checkbox
            key={choice.key}
            label={choice.label}
            checked={on.has(choice.key)}
            onChange={(wanted) => put(choice.key, wanted)}
          />
        ))}
        {found.length === 0 && <p class="muted">Nothing has such a name.</p>}
        {found.length > SHOWN && <p class="muted">{found.length - SHOWN} more: type to find them.</p>}
      </div>
      <Button onClick={() => onChange([])}>As it was</Button>
    </div>
  )
}
