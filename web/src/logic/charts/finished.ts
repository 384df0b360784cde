/** The filter, and of what it lets through only trials that finished with values. */
export function finished(filter: string): string {
  return filter ? `(${filter}) and status = complete` : 'status = complete'
}
