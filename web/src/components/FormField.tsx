import { useId } from 'preact/hooks'
import type { Attr, Widget } from '../data/api.gen'
import { formatValue } from '../logic/format'

interface FieldProps {
  widget: Widget
  title: string
  isNumber: boolean
  answer: string
  attrs: Attr[]
  problem: string | undefined
  onChange(answer: string): void
}

/** One part of a form: what is asked, where one answers, and what is wrong with the answer. */
export function FormField(props: FieldProps) {
  const { widget, title, problem } = props
  const id = useId()
  return (
    <fieldset class="widget" aria-invalid={problem ? true : undefined} aria-describedby={problem ? id : undefined}>
      <legend>
        <span class="widget-title">{title}</span>
        {widget.description && widget.description !== title && <span class="widget-about">{widget.description}</span>}
      </legend>
      <Input {...props} name={id} label={widget.description ?? title} />
      {problem && (
        <span id={id} class="field-error" role="alert">
          {problem}
        </span>
      )}
    </fieldset>
  )
}

function Input({ widget, answer, attrs, isNumber, onChange, name, label }: FieldProps & { name: string; label: string }) {
  switch (widget.type) {
    case 'choice':
      return <Choices widget={widget} answer={answer} name={name} onChange={onChange} />
    case 'slider':
      return <SliderInput widget={widget} answer={answer} label={label} onChange={onChange} />
    case 'text':
      return (
        <input
          type="text"
          inputMode={isNumber ? 'decimal' : 'text'}
          aria-label={label}
          aria-required={!widget.optional}
          autocomplete="off"
          placeholder={widget.optional ? 'Optional' : ''}
          value={answer}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )
    case 'user_attr':
      return (
        <p class="widget-ref">
          User attribute <code>{widget.key}</code>: {formatValue(attrs.find(({ key }) => key === widget.key)?.value)}
        </p>
      )
  }
}

interface InputProps {
  widget: Widget
  answer: string
  onChange(answer: string): void
}

function Choices({ widget, answer, name, onChange }: InputProps & { name: string }) {
  return (
    <div class="choices" role="radiogroup">
      {widget.choices.map((choice, place) => (
        <label key={place} class="choice">
          <input
            type="radio"
            name={name}
            checked={answer === String(place)}
            onChange={() => onChange(String(place))}
          />
          {choice}
        </label>
      ))}
    </div>
  )
}

function SliderInput({ widget, answer, label, onChange }: InputProps & { label: string }) {
  const { min, max, step, labels } = widget
  const low = min ?? 0
  const high = max ?? 1
  const id = useId()
  const place = (value: number) => `${high > low ? (100 * (value - low)) / (high - low) : 0}%`
  const near = labels.find((each) => each.value === Number(answer))?.label
  return (
    <div class="slider">
      <div class="slider-line">
        <input
          type="range"
          aria-label={label}
          aria-valuetext={near ? `${answer}, ${near}` : answer}
          min={low}
          max={high}
          step={step ?? 'any'}
          list={labels.length ? id : undefined}
          value={answer}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
        <output>{formatValue(Number(answer))}</output>
      </div>
      {labels.length > 0 && (
        <div class="slider-labels" aria-hidden="true">
          {labels.map((each) => (
            <button key={each.value} type="button" tabIndex={-1} style={{ left: place(each.value) }} onClick={() => onChange(String(each.value))}>
              {each.label}
            </button>
          ))}
        </div>
      )}
      <datalist id={id}>
        {labels.map((each) => (
          <option key={each.value} value={each.value} label={each.label} />
        ))}
      </datalist>
    </div>
  )
}
