import { signal } from '@preact/signals'
import type { Changes } from './api.gen'

/** off: not wanted; connecting: at first, or after a hidden tab; live; lost: trying again. */
export type LiveState = 'off' | 'connecting' | 'live' | 'lost'

/** What `Live` needs of the world. */
export interface Wires {
  events(since: number): EventSource
  changes(since: number): Promise<Changes>
  visible(): boolean
}

/** Ids of experiments that changed or were deleted; "all" after a pause, which hides deletions. */
export type Changed = ReadonlySet<number> | 'all'
type Listener = (changed: Changed) => void

const FIRST_RETRY = 1000
const LONGEST_RETRY = 15_000
const POLL = 1000
/** So long without a word, a stream may be dead without knowing. */
const DOUBT = 30_000
/** So many streams that never opened, and the network does not let streams through. */
const STREAMS_TRIED = 3

/** The one live connection of the page: tells what changed, comes back by itself. */
export class Live {
  readonly state = signal<LiveState>('off')
  /** Grows with every change of anything. */
  readonly tick = signal(0)
  private readonly versions = new Map<number, number>()
  private readonly listeners = new Set<Listener>()
  private stream: EventSource | undefined
  private timer: ReturnType<typeof setTimeout> | undefined
  private failures = 0
  private unopened = 0
  private withheld = 0
  private polling = false
  private wanted = false
  private isBack = false
  /** Answers of earlier connections are not listened to. */
  private connection = 0

  constructor(private readonly wires: Wires) {}

  start(how: 'events' | 'poll'): void {
    this.wanted = true
    this.polling = how === 'poll'
    this.connect()
  }

  stop(): void {
    this.wanted = false
    this.disconnect('off')
  }

  /** Call when the tab is shown or hidden, or the network is back. */
  wake(): void {
    if (!this.wanted) return
    if (!this.wires.visible()) this.disconnect('connecting')
    else if (this.state.value !== 'live') this.connect()
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The latest version of an experiment that is known. */
  version(id: number): number {
    return this.versions.get(id) ?? 0
  }

  private connect(): void {
    const lost = this.state.value === 'lost'
    this.disconnect(lost ? 'lost' : 'connecting')
    if (!this.wires.visible()) return
    this.isBack = this.tick.value > 0
    if (this.polling) void this.poll(this.connection)
    else this.open(this.connection)
  }

  private disconnect(state: LiveState): void {
    this.connection += 1
    this.stream?.close()
    this.stream = undefined
    clearTimeout(this.timer)
    this.state.value = state
  }

  private open(connection: number): void {
    const stream = this.wires.events(this.tick.value)
    this.stream = stream
    let opened = false
    stream.onopen = () => {
      opened = true
      this.unopened = 0
      this.succeeded()
      this.doubtLater(connection)
    }
    stream.onmessage = (event: MessageEvent<string>) => {
      this.withheld = 0
      this.apply(JSON.parse(event.data) as Changes)
      this.doubtLater(connection)
    }
    stream.onerror = () => {
      if (connection !== this.connection) return
      if (!opened && ++this.unopened >= STREAMS_TRIED) this.polling = true
      this.failed()
    }
  }

  private doubtLater(connection: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.doubt(connection), DOUBT)
  }

  private async doubt(connection: number): Promise<void> {
    try {
      const changes = await this.wires.changes(this.tick.value)
      if (connection !== this.connection) return
      if (changes.tick > this.tick.value) {
        // A stream that keeps changes to itself, even when it is new, is held back by a proxy.
        this.polling = ++this.withheld > 1
        this.apply(changes)
        this.connect()
      } else this.doubtLater(connection)
    } catch {
      if (connection === this.connection) this.failed()
    }
  }

  private async poll(connection: number): Promise<void> {
    try {
      const changes = await this.wires.changes(this.tick.value)
      if (connection !== this.connection) return
      this.succeeded()
      this.apply(changes)
      this.timer = setTimeout(() => void this.poll(connection), POLL)
    } catch {
      if (connection === this.connection) this.failed()
    }
  }

  private succeeded(): void {
    this.failures = 0
    this.state.value = 'live'
  }

  private failed(): void {
    this.disconnect('lost')
    const wait = Math.min(FIRST_RETRY * 2 ** this.failures++, LONGEST_RETRY)
    this.timer = setTimeout(() => this.connect(), wait)
  }

  private apply(changes: Changes): void {
    if (changes.tick === this.tick.value) return
    const changed = new Set(changes.deleted)
    for (const [id, version] of Object.entries(changes.experiments)) {
      if (this.versions.get(Number(id)) !== version) changed.add(Number(id))
      this.versions.set(Number(id), version)
    }
    for (const id of changes.deleted) this.versions.delete(id)
    this.tick.value = changes.tick
    const told = this.isBack ? 'all' : changed
    this.isBack = false
    if (changed.size || told === 'all') for (const listener of [...this.listeners]) listener(told)
  }
}
