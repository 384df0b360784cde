import { useId } from 'preact/hooks'
import type { ComponentChildren } from 'preact'

interface SelectProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; label: string; disabled?: boolean }[]
  onChange: (value: T) => void
  disabled?: boolean | undefined
  /** The label is only for who cannot see the place. */
  hideLabel?: boolean | undefined
}

export function Select<T extends string>(props: SelectProps<T>) {
  const { label, value, options, onChange, disabled = false, hideLabel = false } = props
  const id = useId()
  return (
    <span class="field inline">
      <label for={id} class={hideLabel ? 'visually-hidden' : ''}>
        {label}
      </label>
      <select
        id={id}
        disabled={disabled}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value as T)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value} disabled={option.disabled ?? false}>
            {option.label}
          </option>
        ))}
      </select>
    </span>
  )
}

interface CheckboxProps {
  label: ComponentChildren
  checked: boolean
  onChange: (checked: boolean) => void
  disabled?: boolean | undefined
}

export function Checkbox({ label, checked, onChange, disabled = false }: CheckboxProps) {
  return (
    <label class="checkbox">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  )
}

interface SliderProps {
  label: string
  value: number
  min: number
  max: number
  step?: number | undefined
  onChange: (value: number) => void
  /** How the value is written beside the slider. */
  format?: ((value: number) => string) | undefined
  disabled?: boolean | undefined
}

export function Slider(props: SliderProps) {
  const { label, value, min, max, step = 1, onChange, format = String, disabled = false } = props
  const id = useId()
  return (
    <span class="field inline">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        value={value}
        min={min}
        max={max}
        step={step}
        disabled={disabled}
        aria-valuetext={format(value)}
        onInput={(event) => onChange(Number(event.currentTarget.value))}
      />
      <output for={id}>{format(value)}</output>
    </span>
  )
}

interface TextProps {
  label: string
  value: string
  onChange: (value: string) => void
  error?: string | undefined
  placeholder?: string | undefined
  autoFocus?: boolean | undefined
}

export function TextField({ label, value, onChange, error, placeholder = '', autoFocus = false }: TextProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="text"
        autocomplete="off"
        spellcheck={false}
        value={value}
        placeholder={placeholder}
        autofocus={autoFocus}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {error && (
        <span id={`${id}-error`} class="field-error" role="alert">
          {error}
        </span>
      )}
    </div>
  )
}
