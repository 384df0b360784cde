import type { Column, Columns } from '../../data/api.gen'
import { toNumber } from '../format'

/** Columns of the same trials as numbers: NaN where a trial has none. */
export class Table {
  private readonly numbers = new Map<string, Float64Array>()

  constructor(readonly columns: Columns) {}

  get length(): number {
    return this.columns.columns['number']?.values.length ?? 0
  }

  has(name: string): boolean {
    return name in this.columns.columns
  }

  get(name: string): Float64Array {
    const known = this.numbers.get(name)
    if (known) return known
    const column: Column | undefined = this.columns.columns[name]
    const made = column
      ? Float64Array.from(column.values, toNumber)
      : new Float64Array(this.length).fill(NaN)
    this.numbers.set(name, made)
    return made
  }

  /** The number of each trial; of an arm that of its trial. */
  trials(): Float64Array {
    return this.get(this.has('trial') ? 'trial' : 'number')
  }

  labels(name: string): string[] | null {
    return this.columns.columns[name]?.labels ?? null
  }

  /** The status of each trial as text. */
  status(): string[] {
    const labels = this.labels('status') ?? []
    return Array.from(this.get('status'), (place) => labels[place] ?? '')
  }

  /** Whether a trial keeps to all constraints; those that nobody asked for do. */
  feasible(i: number): boolean {
    return !this.has('feasible') || this.get('feasible')[i] !== 0
  }

  /** "Showing 5,000 of 100,000 trials", if some were left out. */
  note(): string[] {
    const { sampled, total } = this.columns
    if (!sampled) return []
    const [shown, all] = [this.length.toLocaleString('en'), total.toLocaleString('en')]
    return [`${shown} of ${all} trials are drawn: extremes and improvements are all there.`]
  }
}
