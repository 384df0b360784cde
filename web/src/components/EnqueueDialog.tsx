import './trialParts.css'
import './enqueue.css'
import { useId, useState } from 'preact/hooks'
import type { Parameter, Study } from '../data/api.gen'
import { source } from '../data/source'
import { type Typed, boundsOf, checkParams, jsonOrText, typedOf } from '../logic/trials/enqueue'
import { Button } from './Button'
import { Dialog } from './Dialog'
import { Checkbox } from './inputs'
import { toast, toastError } from './toast'

interface EnqueueDialogProps {
  study: Study
  /** Parameters to begin with, as of another trial. */
  params?: Record<string, unknown> | undefined
  onClose(): void
}

interface TypedAttr {
  key: string
  value: string
}

/** Queues a trial: values of some or all parameters; the sampler chooses the others. */
export function EnqueueDialog({ study, params = {}, onClose }: EnqueueDialogProps) {
  const [typed, setTyped] = useState<Typed>(() => typedOf(study.params, params))
  const [attrs, setAttrs] = useState<TypedAttr[]>([])
  const [skip, setSkip] = useState(false)
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const checked = checkParams(study.params, typed)

  const submit = async () => {
    setTried(true)
    if (Object.keys(checked.problems).length) return
    setBusy(true)
    try {
      const given = attrs.filter(({ key }) => key.trim())
      const user_attrs = Object.fromEntries(given.map(({ key, value }) => [key.trim(), jsonOrText(value)]))
      const { number } = await source().enqueue(study.id, { params: checked.params, user_attrs, skip_if_exists: skip })
      toast(number === null ? 'A trial with these parameters is there already.' : `Trial ${number} is queued.`)
      onClose()
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Dialog title="Enqueue a trial" onClose={onClose}>
      <form
        class="enqueue"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <div class="dialog-body">
          <p class="hint">Workers try it next. What is left empty is chosen by the sampler.</p>
          {study.params.length === 0 && <p>No trial has parameters yet, so there is nothing to choose from.</p>}
          <div class="enqueue-fields">
            {study.params.map((parameter) => (
              <ParameterField
                key={parameter.name}
                parameter={parameter}
                value={typed[parameter.name] ?? ''}
                problem={tried ? checked.problems[parameter.name] : undefined}
                onChange={(value) => setTyped((now) => ({ ...now, [parameter.name]: value }))}
              />
            ))}
          </div>
          <AttrFields attrs={attrs} onChange={setAttrs} />
          <Checkbox label="Not if a trial with these parameters exists" checked={skip} onChange={setSkip} />
        </div>
        <footer class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={busy}>
            Enqueue
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}

interface ParameterFieldProps {
  parameter: Parameter
  value: string
  problem: string | undefined
  onChange(value: string): void
}

function ParameterField({ parameter, value, problem, onChange }: ParameterFieldProps) {
  const id = useId()
  const shared = { id, value, 'aria-invalid': problem ? true : undefined, 'aria-describedby': `${id}-about` }
  return (
    <div class="field">
      <label for={id}>{parameter.name}</label>
      {parameter.kind === 'categorical' ? (
        <select {...shared} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">(sampler)</option>
          {parameter.choices.map((choice, place) => (
            <option key={place} value={String(place)}>
              {choice.label}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...shared}
          type="text"
          inputMode={parameter.kind === 'other' ? 'text' : 'decimal'}
          autocomplete="off"
          placeholder={boundsOf(parameter)}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
      <span id={`${id}-about`} class={problem ? 'field-error' : 'hint'} role={problem ? 'alert' : undefined}>
        {problem ?? boundsOf(parameter)}
      </span>
    </div>
  )
}

function AttrFields({ attrs, onChange }: { attrs: TypedAttr[]; onChange(attrs: TypedAttr[]): void }) {
  const change = (place: number, news: Partial<TypedAttr>) =>
    onChange(attrs.map((attr, each) => (each === place ? { ...attr, ...news } : attr)))
  return (
    <fieldset class="enqueue-attrs">
      <legend>User attributes</legend>
      {attrs.map((attr, place) => (
        <div key={place} class="enqueue-attr">
          <input
            type="text"
            aria-label={`Key of attribute ${place + 1}`}
            placeholder="Key"
            value={attr.key}
            onInput={(event) => change(place, { key: event.currentTarget.value })}
          />
          <input
            type="text"
            aria-label={`Value of attribute ${place + 1}`}
            placeholder="Text or JSON"
            value={attr.value}
            onInput={(event) => change(place, { value: event.currentTarget.value })}
          />
          <Button kind="icon" aria-label={`Remove attribute ${place + 1}`} onClick={() => onChange(attrs.filter((_, each) => each !== place))}>
            ✕
          </Button>
        </div>
      ))}
      <Button onClick={() => onChange([...attrs, { key: '', value: '' }])}>Add an attribute</Button>
    </fieldset>
  )
}
