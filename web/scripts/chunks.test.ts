import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { chunkOf } from './chunks.ts'

const at = (path: string) => resolve(import.meta.dirname, '../src', path)
const IMPORTS: Record<string, string[]> = {
  'first.ts': ['http.ts'],
  'main.tsx': ['http.ts', 'app.tsx'],
  'app.tsx': ['format.ts'],
  'pages/runs/table/RunTable.tsx': ['format.ts', 'grid.tsx'],
  'other.tsx': ['grid.tsx', 'rare.ts'],
}
const graph = {
  getModuleInfo(id: string) {
    const found = Object.entries(IMPORTS).find(([path]) => at(path) === id)?.[1] ?? []
    return { importedIds: found.map(at) }
  },
}
const chunk = (path: string) => chunkOf(at(path), graph)

it('what comes first is not held up by the rest', () => {
  expect([chunk('first.ts'), chunk('http.ts')]).toEqual([null, null])
})

it('what a page begins with is one file, and what others need besides is another', () => {
  expect(['main.tsx', 'app.tsx', 'format.ts'].map(chunk)).toEqual(['main', 'main', 'main'])
  expect(['pages/runs/table/RunTable.tsx', 'grid.tsx'].map(chunk)).toEqual(['RunTable', 'RunTable'])
  expect(chunk('rare.ts')).toBeNull()
})
