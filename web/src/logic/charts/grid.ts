const CELL = 32

/** Points by where they are, so that the nearest of many is found without looking at all. */
export class PointGrid {
  private readonly columns: number
  private readonly rows: number
  private readonly starts: Uint32Array
  private readonly order: Uint32Array

  constructor(
    private readonly xs: ArrayLike<number>,
    private readonly ys: ArrayLike<number>,
    width: number,
    height: number,
  ) {
    this.columns = Math.max(1, Math.ceil(width / CELL))
    this.rows = Math.max(1, Math.ceil(height / CELL))
    this.starts = new Uint32Array(this.columns * this.rows + 1)
    const cells = new Int32Array(xs.length)
    for (let i = 0; i < xs.length; i++) {
      const cell = this.cellOf(xs[i]!, ys[i]!)
      cells[i] = cell
      if (cell >= 0) this.starts[cell + 1]!++
    }
    for (let c = 0; c < this.columns * this.rows; c++) this.starts[c + 1]! += this.starts[c]!
    this.order = new Uint32Array(this.starts[this.starts.length - 1]!)
    const next = this.starts.slice()
    for (let i = 0; i < cells.length; i++) if (cells[i]! >= 0) this.order[next[cells[i]!]!++] = i
  }

  private cellOf(x: number, y: number): number {
    const column = Math.floor(x / CELL)
    const row = Math.floor(y / CELL)
    const inside = column >= 0 && row >= 0 && column < this.columns && row < this.rows
    return inside ? row * this.columns + column : -1
  }

  /** The index of the nearest point within a radius, or -1. */
  nearest(x: number, y: number, radius: number): number {
    let found = -1
    let least = radius * radius
    this.visit(x - radius, y - radius, x + radius, y + radius, (i) => {
      const distance = (this.xs[i]! - x) ** 2 + (this.ys[i]! - y) ** 2
      if (distance <= least) {
        least = distance
        found = i
      }
    })
    return found
  }

  /** The indices of all points in a rectangle. */
  within(left: number, top: number, right: number, bottom: number): number[] {
    const found: number[] = []
    this.visit(left, top, right, bottom, (i) => {
      const x = this.xs[i]!
      const y = this.ys[i]!
      if (x >= left && x <= right && y >= top && y <= bottom) found.push(i)
    })
    return found.sort((a, b) => a - b)
  }

  private visit(
    left: number,
    top: number,
    right: number,
    bottom: number,
    see: (i: number) => void,
  ): void {
    const firstRow = Math.max(0, Math.floor(top / CELL))
    const lastRow = Math.min(this.rows - 1, Math.floor(bottom / CELL))
    const firstColumn = Math.max(0, Math.floor(left / CELL))
    const lastColumn = Math.min(this.columns - 1, Math.floor(right / CELL))
    for (let row = firstRow; row <= lastRow; row++) {
      for (let column = firstColumn; column <= lastColumn; column++) {
        const cell = row * this.columns + column
        for (let k = this.starts[cell]!; k < this.starts[cell + 1]!; k++) see(this.order[k]!)
      }
    }
  }
}
