// @vitest-environment happy-dom
import { expect, it } from 'vitest'
import { historyScene } from '../logic/charts/history'
import { Table } from '../logic/charts/table'
import { drawScene } from './draw'
import { layoutOf, WHOLE } from './layout'
import { SvgPen } from './svgPen'

const column = (values: number[]) => ({ values, labels: null })

it('draws a chart as well-formed SVG in which names stay text', () => {
  const table = new Table({
    version: 1, total: 2, sampled: false, complete: true,
    columns: { number: column([0, 1]), status: { values: [0, 0], labels: ['COMPLETED'] }, 'value:0': column([3, 1]), 'best:0': column([3, 1]) },
  }) // prettier-ignore
  const scene = historyScene(table, {
    target: 'value:0',
    label: '<script>"&',
    x: 'number',
    log: false,
    pruned: true,
    size: 3,
    direction: 'minimize',
  })
  const pen = new SvgPen(600, 400, (text) => text.length * 6)
  drawScene(pen, layoutOf(scene, WHOLE, 600, 400), (ink) => ink, { selected: new Set() })
  const svg = new DOMParser().parseFromString(pen.toString(), 'image/svg+xml')
  const texts = [...svg.querySelectorAll('text')].map((text) => text.textContent)
  expect(svg.querySelector('script')).toBeNull()
  expect(texts).toContain('Trial')
  expect(texts).toContain('<script>"&')
})
