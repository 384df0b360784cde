/** More trials than these side by side help nobody. */
export const MOST_BESIDE = 8

/** The numbers that the address holds: `1,2`. */
export const parseNumbers = (text: string): number[] => [...new Set(text.split(',').filter((each) => /^-?\d+$/.test(each)).map(Number))]

/** Another trial beside the selected ones, or one of them less; the last one stays unless none may be left. */
export function toggled(selected: number[], number: number, noneToo = false): number[] {
  const others = selected.filter((each) => each !== number)
  if (others.length === selected.length) return [...selected, number]
  return others.length || noneToo ? others : selected
}

/** All of the rows between two places, whichever comes first. */
export function between<T>(rows: (T | undefined)[], from: number, to: number): T[] {
  return rows.slice(Math.min(from, to), Math.max(from, to) + 1).filter((row): row is T => row !== undefined)
}

/** The place after moving by some rows, not beyond the ends. */
export const moved = (place: number, by: number, count: number): number => Math.max(0, Math.min(count - 1, place + by))

/** The part of a long list to ask for: around what is seen, with edges that stay while one scrolls a little. */
export function windowOf(first: number, last: number, page = 100): { offset: number; limit: number } {
  const offset = Math.max(0, Math.floor((first - page / 2) / page) * page)
  const end = Math.ceil((last + 1 + page / 2) / page) * page
  return { offset, limit: Math.max(page, end - offset) }
}

/** The address of the page with these trials side by side, with the filter kept. */
export function trialsPath(studyId: number, numbers: readonly number[], filter: string): string {
  const query = filter ? `&filter=${encodeURIComponent(filter)}` : ''
  return `/studies/${studyId}/trials?numbers=${numbers.join(',')}${query}`
}

/** The next higher one of some numbers, after the last one the first again; undefined if there is no other. */
export function nextOf(numbers: readonly number[], after: number): number | undefined {
  const others = numbers.filter((number) => number !== after).sort((a, b) => a - b)
  return others.find((number) => number > after) ?? others[0]
}
