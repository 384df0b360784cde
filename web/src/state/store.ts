// Storage can be forbidden or full: then nothing is remembered, and everything else works.
/** What the browser remembers under a name. */
export function read(name: string): string | null {
  try {
    return localStorage.getItem(name)
  } catch {
    return null
  }
}

export function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value)
  } catch {
    return
  }
}
