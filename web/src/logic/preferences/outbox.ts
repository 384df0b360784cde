import { signal, type Signal } from '@preact/signals'
import type { Act } from './answers'

/** What an `Outbox` needs of the world. */
export interface Wires {
  /** Make an act count, or not; to do so again changes nothing. */
  send(act: Act, wanted: boolean): Promise<void>
  /** Whether there is no use in trying again. */
  isFinal(error: unknown): boolean
  /** Tell people what was put back; the words. */
  refused(act: Act, error: unknown): string
}

/** Milliseconds before it is tried again; the last of them until it arrives, however long that takes. */
const PAUSES = [400, 800, 1600, 3000, 5000, 8000]
/** So long, in milliseconds, an answer of the server is awaited. */
const PATIENCE = 8000

/** What a person said and took back, on its way to the server: in order, until it has arrived. */
export class Outbox {
  readonly acts: Signal<readonly Act[]>
  /** Grows whenever the server has taken something. */
  readonly clock = signal(0)
  /** How many tries have failed since the last that did not. */
  readonly failures = signal(0)
  /** What is said of an act that the server refused, until the next act. */
  readonly refusal = signal('')
  private isBusy = false
  private hurry: (() => void) | undefined

  /** With what was said before, and has arrived. */
  constructor(
    private readonly wires: Wires,
    before: readonly Act[] = [],
  ) {
    this.acts = signal(before)
  }

  add(act: Pick<Act, 'id' | 'answer' | 'gone' | 'words'>): void {
    this.refusal.value = ''
    this.acts.value = [...this.acts.value, { ...act, wanted: true, known: false, since: this.clock.value }]
    void this.work()
  }

  /** Take back the last act that counts; the act. */
  undo(): Act | undefined {
    this.refusal.value = ''
    const last = this.acts.value.findLast(({ wanted }) => wanted)
    if (!last) return undefined
    this.change(last.id, { wanted: false })
    void this.work()
    return last
  }

  /** What the server has not taken yet. */
  get unsent(): Act[] {
    return this.acts.value.filter(({ wanted, known }) => wanted !== known)
  }

  /** Try again at once: the network is back. */
  wake(): void {
    this.hurry?.()
  }

  private async work(): Promise<void> {
    if (this.isBusy) return
    this.isBusy = true
    for (let act = this.unsent[0]; act; act = this.unsent[0]) await this.settle(act)
    this.isBusy = false
  }

  private async settle(act: Act): Promise<void> {
    const { wanted } = act
    this.change(act.id, { known: undefined })
    try {
      await inTime(this.wires.send(act, wanted))
      this.failures.value = 0
      this.clock.value += 1
      this.change(act.id, { known: wanted, since: this.clock.value })
    } catch (error) {
      if (this.wires.isFinal(error)) this.putBack(act, error)
      else await this.pause(PAUSES[this.failures.value] ?? PAUSES.at(-1)!)
    }
  }

  private async pause(milliseconds: number): Promise<void> {
    this.failures.value += 1
    await new Promise<void>((resolve) => {
      this.hurry = resolve
      setTimeout(resolve, milliseconds)
    })
    this.hurry = undefined
  }

  /** As it was before: an answer was never given, and what could not be taken back counts. */
  private putBack(act: Act, error: unknown): void {
    this.failures.value = 0
    this.clock.value += 1
    if (act.wanted) this.acts.value = this.acts.value.filter(({ id }) => id !== act.id)
    else this.change(act.id, { wanted: true, known: true, since: this.clock.value })
    this.refusal.value = this.wires.refused(act, error)
  }

  private change(id: string, change: Partial<Act>): void {
    this.acts.value = this.acts.value.map((act) => (act.id === id ? { ...act, ...change } : act))
  }
}

function inTime(sent: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The server does not answer.')), PATIENCE)
  })
  return Promise.race([sent, late]).finally(() => clearTimeout(timer))
}
