import './trialForm.css'
import { useState } from 'preact/hooks'
import type { Form, Trial } from '../data/api.gen'
import { source } from '../data/source'
import { formatValue } from '../logic/format'
import { type Answers, earlierAnswers, fill, givenAnswers, keyOf } from '../logic/trials/form'
import { Button } from './Button'
import { FormField } from './FormField'
import { toast, toastError } from './toast'

interface TrialFormProps {
  form: Form
  objectiveNames: string[]
  trial: Trial
  /** After the answers were taken. */
  onDone?: (() => void) | undefined
}

/** What people are asked about a running trial: objectives finish it, user attributes stay with it. */
export function TrialForm({ form, objectiveNames, trial, onDone }: TrialFormProps) {
  const [answers, setAnswers] = useState<Answers>(() => earlierAnswers(form, trial.user_attrs))
  const [tried, setTried] = useState(false)
  const [busy, setBusy] = useState(false)
  const [again, setAgain] = useState(false)
  const { problems, values, attrs } = fill(form, answers, trial.user_attrs)
  const isObjective = form.output_type === 'objective'
  const asked = form.widgets.filter((widget) => widget.type !== 'user_attr').length
  const given = givenAnswers(form, trial.user_attrs)
  if (!isObjective && given.length >= asked && !again) {
    return <Given given={given} onChange={() => setAgain(true)} />
  }

  const submit = async () => {
    setTried(true)
    if (Object.keys(problems).length) return
    setBusy(true)
    try {
      if (isObjective) await source().tell(trial.id, { state: 'Complete', values })
      else await source().setUserAttrs(trial.id, attrs)
      setAgain(false)
      toast(isObjective ? `Trial ${trial.number} is complete.` : `Trial ${trial.number} has your answers.`)
      onDone?.()
    } catch (error) {
      toastError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class="trial-form"
      noValidate
      aria-label={`Form of trial ${trial.number}`}
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      {form.widgets.map((widget, place) => (
        <FormField
          key={place}
          widget={widget}
          title={isObjective ? (objectiveNames[place] ?? `Objective ${place}`) : keyOf(widget)}
          isNumber={isObjective}
          answer={answers[place] ?? ''}
          attrs={trial.user_attrs}
          problem={tried ? problems[place] : undefined}
          onChange={(answer) => setAnswers((now) => ({ ...now, [place]: answer }))}
        />
      ))}
      <Button kind="primary" type="submit" class="submit" disabled={busy}>
        Submit
      </Button>
    </form>
  )
}

function Given({ given, onChange }: { given: ReturnType<typeof givenAnswers>; onChange(): void }) {
  return (
    <div class="trial-form given">
      <dl class="trial-facts">
        {given.map(({ key, label, value }) => (
          <div key={key}>
            <dt>{label}</dt>
            <dd>{formatValue(value)}</dd>
          </div>
        ))}
      </dl>
      <Button onClick={onChange}>Change the answers</Button>
    </div>
  )
}
