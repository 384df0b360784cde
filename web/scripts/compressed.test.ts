// @vitest-environment node
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { compressFolder } from './compressed.ts'

it('writes compressed files beside texts that are worth it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'compressed-'))
  const text = 'const a = 1\n'.repeat(500)
  await writeFile(join(folder, 'large.js'), text)
  await writeFile(join(folder, 'small.css'), 'a {}')
  await writeFile(join(folder, 'image.png'), text)
  await compressFolder(folder)
  expect((await readdir(folder)).sort()).toEqual([
    'image.png', 'large.js', 'large.js.br', 'large.js.gz', 'small.css',
  ])
  expect(gunzipSync(await readFile(join(folder, 'large.js.gz'))).toString()).toBe(text)
  expect(brotliDecompressSync(await readFile(join(folder, 'large.js.br'))).toString()).toBe(text)
})
