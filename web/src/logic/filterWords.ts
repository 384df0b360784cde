const NAMES = ['number', 'status', 'value', 'duration', 'started', 'finished']
const FLAGS = ['running', 'complete', 'pruned', 'fail', 'waiting', 'feasible', 'best']
const JOINS = ['and', 'or', 'not', 'in', 'contains', 'is missing']
const MOST = 8

const START = /[^\s()=<>!,]*$/

const SCOPE = /^(params|attrs)\./

const quoted = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name))

/** Words that could stand at `place` of a filter, by what is typed of it. */
export function suggestions(
  text: string,
  place: number,
  params: readonly string[],
  attrs: readonly string[],
): string[] {
  const typed = START.exec(text.slice(0, place))?.[0].toLowerCase() ?? ''
  if (!typed || typed.startsWith('"')) return []
  const words = [
    ...params.map((name) => `params.${quoted(name)}`),
    ...attrs.map((name) => `attrs.${quoted(name)}`),
    ...NAMES,
    ...FLAGS,
    ...JOINS,
  ]
  const begins = (word: string) => [word, word.replace(SCOPE, '')].some((w) => w.startsWith(typed))
  return words
    .filter((word) => begins(word.toLowerCase().replace('"', '')) && word.toLowerCase() !== typed)
    .slice(0, MOST)
}

/** The filter with the word at `place` completed, and where to type on. */
export function complete(text: string, place: number, word: string): [string, number] {
  const before = text.slice(0, place).replace(START, '')
  const after = text.slice(place).replace(/^[^\s()=<>!,]*/, '').replace(/^ /, '')
  return [`${before}${word} ${after}`, before.length + word.length + 1]
}
