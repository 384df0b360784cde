/** Texts as one parameter: separated by commas, each quoted once more. */
export const joinList = (items: readonly (string | number)[]) =>
  items.map((item) => encodeURIComponent(item)).join(',')

/** The texts of a parameter that `joinList` made. */
export function splitList(text: string): string[] {
  if (!text) return []
  return text.split(',').map((item) => {
    try {
      return decodeURIComponent(item)
    } catch {
      return item
    }
  })
}
