import { describe, expect, it } from 'vitest'
import { arrived, edited, isChanged, keptMine, opened, refused, saved, toSend, tookTheirs, withImage } from './note'

const stored = { version: 3, body: 'old' }
const theirs = { version: 4, body: 'theirs' }
const editing = edited(opened({ stored }), 'mine')

describe('a note', () => {
  it('is sent with the next version', () => {
    expect(toSend(editing)).toEqual({ version: 4, body: 'mine' })
  })

  it('is unsaved only when its text differs', () => {
    expect(isChanged(opened({ stored }))).toBe(false)
    expect(isChanged(editing)).toBe(true)
  })

  it('follows the server while nobody edits', () => {
    expect(arrived({ stored }, theirs)).toEqual({ stored: theirs })
  })

  it('keeps the draft when somebody else writes', () => {
    expect(arrived(editing, theirs)).toEqual({ stored, draft: 'mine', theirs })
  })

  it('does not go back to an older version', () => {
    expect(arrived({ stored: theirs }, stored)).toEqual({ stored: theirs })
  })

  it('has no conflict when the other wrote the same', () => {
    expect(arrived(edited(editing, 'theirs'), theirs).theirs).toBeUndefined()
  })

  it('can replace what somebody else wrote, once that was seen', () => {
    expect(toSend(keptMine(refused(editing, theirs)))).toEqual({ version: 5, body: 'mine' })
  })

  it('can give way to what somebody else wrote', () => {
    expect(tookTheirs(refused(editing, theirs))).toEqual({ stored: theirs })
  })

  it('keeps what was typed while it was saved', () => {
    expect(saved(edited(editing, 'mine and more'), { version: 4, body: 'mine' })).toEqual({
      stored: { version: 4, body: 'mine' }, draft: 'mine and more',
    })
  })

  it('gets an image at the cursor, whatever its name', () => {
    expect(withImage('ab', 1, 1, 'x](y.png', '/artifacts/1/a')).toBe('a![x (y.png](/artifacts/1/a)b')
  })
})
