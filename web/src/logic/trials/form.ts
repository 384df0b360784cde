import type { Attr, Form, Widget } from '../../data/api.gen'

/** What people gave so far, by place of the widget: the place of a choice, or the text of a number or answer. */
export type Answers = Record<number, string>

export interface Filled {
  /** What is wrong, by place of the widget. */
  problems: Record<number, string>
  /** The objectives, in a form of objectives without problems. */
  values: number[]
  /** The user attributes, in a form of user attributes without problems. */
  attrs: Record<string, unknown>
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

export function isNumber(text: string): boolean {
  return NUMBER.test(text.trim()) && Number.isFinite(Number(text))
}

/** A slider starts at its left end; everything else is empty, so that nobody answers by accident. */
export function emptyAnswers(form: Form): Answers {
  const found: Answers = {}
  form.widgets.forEach((widget, place) => {
    if (widget.type === 'slider') found[place] = String(widget.min ?? 0)
  })
  return found
}

/** What was answered before, to be changed. */
export function earlierAnswers(form: Form, attrs: Attr[]): Answers {
  const found = emptyAnswers(form)
  form.widgets.forEach((widget, place) => {
    const attr = attrs.find(({ key }) => key === keyOf(widget))
    if (form.output_type !== 'user_attr' || !attr || widget.type === 'user_attr') return
    const chosen = widget.values.indexOf(attr.value as number)
    if (widget.type !== 'choice') found[place] = String(attr.value)
    else if (chosen >= 0) found[place] = String(chosen)
  })
  return found
}

export function fill(form: Form, answers: Answers, attrs: Attr[]): Filled {
  const filled: Filled = { problems: {}, values: [], attrs: {} }
  form.widgets.forEach((widget, place) => {
    const answer = valueOf(form, widget, answers[place] ?? '', attrs)
    if (answer.problem !== undefined) filled.problems[place] = answer.problem
    else if (form.output_type === 'objective') filled.values.push(answer.value as number)
    else if (keyOf(widget)) filled.attrs[keyOf(widget)] = answer.value
  })
  return filled
}

/** The user attribute that a widget of a form of user attributes writes or refers to. */
export function keyOf(widget: Widget): string {
  return widget.user_attr_key ?? widget.key ?? ''
}

/** What the trial already has for the widgets of a form of user attributes. */
export function givenAnswers(form: Form, attrs: Attr[]): { key: string; label: string; value: unknown }[] {
  return form.widgets.flatMap((widget) => {
    const attr = attrs.find((each) => each.key === keyOf(widget))
    if (!attr) return []
    const chosen = widget.type === 'choice' ? widget.values.indexOf(attr.value as number) : -1
    const value = chosen < 0 ? attr.value : widget.choices[chosen]
    return [{ key: attr.key, label: widget.description ?? attr.key, value }]
  })
}

type Answer = { value: unknown; problem?: undefined } | { problem: string }

function valueOf(form: Form, widget: Widget, answer: string, attrs: Attr[]): Answer {
  switch (widget.type) {
    case 'choice':
      return answer === '' ? { problem: 'Choose one of these.' } : { value: widget.values[Number(answer)] }
    case 'slider':
      return { value: Number(answer) }
    case 'text':
      return form.output_type === 'objective' ? asNumber(answer) : asText(widget, answer)
    case 'user_attr':
      return referred(form, widget, attrs)
  }
}

function asNumber(answer: string): Answer {
  if (answer.trim() === '') return { problem: 'An objective needs a number.' }
  return isNumber(answer) ? { value: Number(answer) } : { problem: 'Enter a number, such as 0.5 or 1e-3.' }
}

function asText(widget: Widget, answer: string): Answer {
  return answer.trim() === '' && !widget.optional ? { problem: 'Enter a text.' } : { value: answer }
}

function referred(form: Form, widget: Widget, attrs: Attr[]): Answer {
  const value = attrs.find((attr) => attr.key === widget.key)?.value
  if (form.output_type === 'user_attr') return { value }
  if (typeof value === 'number' || (typeof value === 'string' && isNumber(value))) return { value: Number(value) }
  const what = value === undefined || value === null ? 'is not there yet' : 'is not a number'
  return { problem: `The user attribute ${widget.key} of this trial ${what}.` }
}
