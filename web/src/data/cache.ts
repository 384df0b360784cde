import { signal, type Signal } from '@preact/signals'
import { report } from '../state/session'

export interface State<T> {
  data: T | undefined
  error: Error | undefined
  loading: boolean
}

export type Load<T> = (signal: AbortSignal, old: T | undefined) => Promise<T>

/** So long an answer that nobody looks at is kept, for who comes back to a page. */
const KEPT = 60_000

/** One answer of the server, shared by all who show it. */
export class Entry<T> {
  readonly state: Signal<State<T>> = signal({ data: undefined, error: undefined, loading: false })
  private running: AbortController | undefined
  private again = false
  private users = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private loadedAt = -Infinity

  constructor(
    public load: Load<T>,
    private readonly forget: () => void,
  ) {}

  use(): () => void {
    // With others there, what waits is a load, which all of them want.
    if (this.users === 0) clearTimeout(this.timer)
    this.users += 1
    return () => {
      this.users -= 1
      if (this.users > 0) return
      this.running?.abort()
      clearTimeout(this.timer)
      this.timer = setTimeout(this.forget, KEPT)
    }
  }

  /** Load, unless another who shows it keeps it up to date. */
  ensure(): void {
    const kept = this.users > 1 && this.state.peek().data !== undefined
    const underWay = this.running && !this.running.signal.aborted
    if (!kept && !underWay) void this.refresh()
  }

  /** Load, once for all who ask meanwhile; what changes meanwhile is loaded after it. */
  async refresh(): Promise<void> {
    clearTimeout(this.timer)
    if (this.running) {
      this.again = true
      return
    }
    const running = new AbortController()
    this.running = running
    this.again = false
    this.loadedAt = Date.now()
    const old = this.state.peek()
    this.state.value = { ...old, loading: true }
    try {
      const data = await this.load(running.signal, old.data)
      if (!running.signal.aborted) this.state.value = { data, error: undefined, loading: false }
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (!running.signal.aborted) {
        report(error)
        this.state.value = { ...this.state.peek(), error, loading: false }
      }
    }
    if (running.signal.aborted) this.state.value = { ...this.state.peek(), loading: false }
    this.running = undefined
    if (this.again && this.users > 0) void this.refresh()
  }

  /** Load soon, at most once in `quiet` milliseconds. */
  refreshSoon(quiet: number): void {
    if (this.users === 0) return
    clearTimeout(this.timer)
    const wait = Math.max(0, this.loadedAt + quiet - Date.now())
    this.timer = setTimeout(() => void this.refresh(), wait)
  }
}

/** All answers by key. */
export class Cache {
  private readonly entries = new Map<string, Entry<unknown>>()

  entry<T>(key: string, load: Load<T>): Entry<T> {
    const known = this.entries.get(key)
    if (known) return known as Entry<unknown> as Entry<T>
    const made = new Entry(load, () => this.entries.delete(key))
    this.entries.set(key, made as Entry<unknown>)
    return made
  }

  clear(): void {
    this.entries.clear()
  }
}
