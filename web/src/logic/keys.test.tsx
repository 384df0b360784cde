// @vitest-environment happy-dom
import { render } from 'preact'
import { act } from 'preact/test-utils'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { focusSearch, useKeys } from './keys'

let pressed: string[] = []

function Page() {
  const note = (event: KeyboardEvent) => pressed.push(event.key)
  useKeys({ j: note, Enter: note, '?': note })
  return (
    <>
      <input data-key="/" value="lr" />
      <input type="checkbox" />
      <button>Open</button>
      <p tabIndex={0}>text</p>
    </>
  )
}

const press = (selector: string, key: string, more: KeyboardEventInit = {}) => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more })
  document.querySelector(selector)?.dispatchEvent(event)
  return event
}

beforeEach(async () => {
  pressed = []
  await act(() => render(<Page />, document.body))
})
afterEach(() => {
  render(null, document.body)
  document.body.innerHTML = ''
})

it('keys work wherever nothing is typed', () => {
  press('p', 'j')
  press('input[type=checkbox]', 'j')
  press('p', '?', { shiftKey: true })
  expect(pressed).toEqual(['j', 'j', '?'])
})

it('text that is typed stays text', () => {
  expect(press('input', 'j').defaultPrevented).toBe(false)
  expect(pressed).toEqual([])
})

it('Enter presses the button that has the focus', () => {
  press('button', 'Enter')
  expect(pressed).toEqual([])
  press('p', 'Enter')
  expect(pressed).toEqual(['Enter'])
})

it('the keys of the browser stay its own', () => {
  press('p', 'j', { ctrlKey: true })
  press('p', 'j', { metaKey: true })
  expect(pressed).toEqual([])
})

it('behind a dialog no key works', () => {
  const dialog = document.body.appendChild(document.createElement('dialog'))
  dialog.setAttribute('open', '')
  press('p', 'j')
  expect(pressed).toEqual([])
})

it('a page that is left takes its keys along', async () => {
  const p = document.body.appendChild(document.createElement('p'))
  await act(() => render(null, document.body))
  document.body.append(p)
  press('p', 'j')
  expect(pressed).toEqual([])
})

it('the search box gets the focus', () => {
  focusSearch()
  expect(document.activeElement).toBe(document.querySelector('input'))
})
