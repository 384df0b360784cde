/** Which rows of equal height to draw, from `first` up to `end` exclusively. */
export interface RowsInSight {
  first: number
  end: number
}

/** The rows that a box shows which is scrolled to `top`, and a few around them. */
export function rowsInSight(count: number, rowHeight: number, top: number, height: number, around: number): RowsInSight {
  const end = Math.max(0, Math.min(count, Math.ceil((top + height) / rowHeight) + around))
  return { first: Math.max(0, Math.min(end, Math.floor(top / rowHeight) - around)), end }
}

/** Where to scroll to so that a row is below a head which stays, and wholly in sight; undefined if it is. */
export function scrollFor(index: number, rowHeight: number, head: number, top: number, height: number): number | undefined {
  const start = index * rowHeight
  if (start < top) return start
  const below = head + start + rowHeight - height
  return below > top ? below : undefined
}
