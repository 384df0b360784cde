import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const TEXT = /\.(js|css|svg|json|map)$/
const SMALLEST = 1024
/** Bytes from which on the best compression takes too long for what it saves. */
const LARGE = 1_000_000

/** Writes a brotli and a gzip file beside each asset, so that the server compresses nothing. */
export function compressed(): Plugin {
  let outDir = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir)
    },
    closeBundle: () => compressFolder(outDir),
  }
}

export async function compressFolder(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((e) => e.isFile() && TEXT.test(e.name))
  await Promise.all(files.map((e) => compress(join(e.parentPath, e.name))))
}

async function compress(path: string): Promise<void> {
  const content = await readFile(path)
  if (content.length < SMALLEST) return
  const quality = content.length < LARGE ? constants.BROTLI_MAX_QUALITY : 9
  const params = { [constants.BROTLI_PARAM_QUALITY]: quality }
  await Promise.all([
    promisify(brotliCompress)(content, { params }).then((c) => writeFile(`${path}.br`, c)),
    promisify(gzip)(content, { level: 9 }).then((c) => writeFile(`${path}.gz`, c)),
  ])
}
