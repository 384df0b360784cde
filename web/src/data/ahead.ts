/** Milliseconds in which the page asks for what was asked ahead; later it wants newer answers. */
const FRESH = 10_000
const answers = new Map<string, Promise<unknown>>()

/** Keep an answer for whoever asks for the same. */
export function keep<T>(address: string, answer: Promise<T>): Promise<T> {
  answers.set(address, answer)
  answer.catch(() => undefined) // who takes it is told
  setTimeout(() => answers.delete(address), FRESH)
  return answer
}

/** An answer that was kept, once. */
export function take<T>(address: string): Promise<T> | undefined {
  const answer = answers.get(address) as Promise<T> | undefined
  answers.delete(address)
  return answer
}
