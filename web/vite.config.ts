/// <reference types="vitest/config" />
import { preact } from '@preact/preset-vite'
import { defineConfig, type Plugin } from 'vite'
import { compressed } from './scripts/compressed.ts'

// Nothing is painted before the theme that the reader chose is set.
const noFlash: Plugin = {
  name: 'no-flash',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module"', '<script blocking="render" type="module"'),
  },
}

export default defineConfig({
  base: './',
  plugins: [preact(), compressed(), noFlash],
  build: {
    outDir: '../src/runbase/dashboard/static',
    emptyOutDir: true,
    target: 'es2022',
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
