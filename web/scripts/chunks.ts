import { resolve } from 'node:path'

/** What the bundler tells of a module. */
interface Graph {
  getModuleInfo(id: string): { importedIds: readonly string[] } | null
}

const FIRST = source('first.ts')
/** Modules that come in one file with all that they need and those before them have not. */
const WHOLE = {
  main: source('main.tsx'),
  RunTable: source('pages/runs/table/RunTable.tsx'),
  charts: source('charts/SceneCard.tsx'),
  Overview: source('pages/overview/Overview.tsx'),
}

/**
 * The file that a module belongs in, if it is not left to the bundler.
 *
 * That would make a file of each few modules which some pages share: a browser waits for the
 * requests longer than for the bytes. What comes first stays by itself, and small.
 */
export function chunkOf(id: string, graph: Graph): string | null {
  if (below(FIRST, graph).has(id)) return null
  return Object.entries(WHOLE).find(([, top]) => below(top, graph).has(id))?.[0] ?? null
}

/** A module with all that it imports before it runs. */
function below(top: string, graph: Graph): Set<string> {
  const found = new Set([top])
  for (const id of found) for (const imported of graph.getModuleInfo(id)?.importedIds ?? []) found.add(imported)
  return found
}

function source(path: string): string {
  return resolve(import.meta.dirname, '../src', path)
}
