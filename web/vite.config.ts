/// <reference types="vitest/config" />
import { preact } from '@preact/preset-vite'
import { defineConfig, type Plugin } from 'vite'
import { chunkOf } from './scripts/chunks.ts'
import { compressed } from './scripts/compressed.ts'

/**
 * The small script that comes first holds back painting until the theme is set, and the code of
 * the pages, which it imports, is on its way with it.
 */
const first: Plugin = {
  name: 'first',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
      const main = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith('/src/main.tsx')))
      const entry = chunks.find(({ isEntry }) => isEntry)
      if (!main || !entry) throw new Error('The pages have no src/main.tsx.')
      const scripts = [main.fileName, ...main.imports].filter((file) => file !== entry.fileName)
      const styles = [...(main.viteMetadata?.importedCss ?? [])].filter((file) => !html.includes(file))
      const link = (rel: string) => (file: string) => ({ tag: 'link', attrs: { rel, crossorigin: true, href: `./${file}` } })
      const tags = [...scripts.map(link('modulepreload')), ...styles.map(link('stylesheet'))].map((tag) => ({ ...tag, injectTo: 'head' as const }))
      return { html: html.replace('<script type="module"', '<script blocking="render" type="module"'), tags }
    },
  },
}

export default defineConfig({
  base: './',
  plugins: [preact(), compressed(), first],
  build: {
    outDir: '../src/runbase/dashboard/static',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: { codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: chunkOf, debugName: 'chunkOf' }] } },
    },
    // Every lazy chunk is asked for by name: a warning about Plotly's size helps nobody.
    chunkSizeWarningLimit: 6000,
  },
  server: {
    proxy: {
      '/api': 'http://127.0.0.1:8080',
      '/artifacts': 'http://127.0.0.1:8080',
      '/csv': 'http://127.0.0.1:8080',
    },
  },
  test: { include: ['src/**/*.test.{ts,tsx}', 'scripts/**/*.test.ts'] },
})
