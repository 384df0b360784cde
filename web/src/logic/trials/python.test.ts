import { expect, it } from 'vitest'
import { enqueueLine } from './python'

it('parameters become a line of Python', () => {
  expect(enqueueLine({ lr: 1e-7, n: 3, 'a "b"': 'x\ny', on: true, off: null, c: [1, false] })).toBe(
    'study.enqueue_trial({"lr": 1e-7, "n": 3, "a \\"b\\"": "x\\ny", "on": True, "off": None, "c": [1, False]})',
  )
})
