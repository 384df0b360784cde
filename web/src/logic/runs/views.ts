const APART = ['view', 'tab']

/** What a view keeps of a page of runs: which page it is, and what its address says of it. */
export function viewState(page: string, search: string): string {
  const parameters = new URLSearchParams(search)
  for (const name of APART) parameters.delete(name)
  if (page) parameters.set('tab', page)
  parameters.sort()
  return parameters.toString()
}

/** The page and the query string that show a view, with its name. */
export function viewPlace(state: string, name: string): { page: string; search: string } {
  const parameters = new URLSearchParams(state)
  const page = parameters.get('tab') ?? ''
  parameters.delete('tab')
  parameters.set('view', name)
  return { page, search: `?${parameters}` }
}
