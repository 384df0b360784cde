export interface Sheet {
  columns: string[]
  rows: string[][]
}

/** The rows of a CSV file; cells in quotes may hold commas, quotes and line ends. */
export function parseCsv(text: string, separator = ','): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let isQuoted = false
  const source = text.replace(/^\uFEFF/, '')
  for (let at = 0; at < source.length; at += 1) {
    const char = source[at] as string
    if (isQuoted) {
      if (char !== '"') cell += char
      else if (source[at + 1] === '"') cell += source[(at += 1)]
      else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === separator) row = endCell(row)
    else if (char === '\n' || char === '\r') {
      if (char === '\r' && source[at + 1] === '\n') at += 1
      endRow()
    } else cell += char
  }
  if (cell !== '' || row.length) endRow()
  return rows

  function endCell(cells: string[]): string[] {
    cells.push(cell)
    cell = ''
    return cells
  }

  function endRow(): void {
    const cells = endCell(row)
    if (cells.length > 1 || cells[0] !== '') rows.push(cells)
    row = []
  }
}

export function csvSheet(text: string, separator = ','): Sheet {
  const [columns = [], ...rows] = parseCsv(text, separator)
  return { columns, rows }
}

/** One JSON value a line; the keys of objects become columns, in the order in which they first come. */
export function jsonLinesSheet(text: string): Sheet {
  const records = text.split(/\r?\n/).filter((line) => line.trim()).map(asRecord)
  const columns = [...new Set(records.flatMap((record) => Object.keys(record)))]
  const rows = records.map((record) => columns.map((column) => cellText(record[column])))
  return { columns, rows }
}

function asRecord(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : { value }
  } catch {
    return { value: line }
  }
}

export function cellText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
