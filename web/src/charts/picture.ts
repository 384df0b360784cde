import { legendOf, without, type LegendItem, type Scene } from '../logic/charts/scene'
import { sceneCsv } from '../logic/charts/csv'
import { shortened } from '../logic/charts/axis'
import { drawScene, paintShape, trace } from './draw'
import { layoutOf, type View } from './layout'
import { FONT, paintOf, type Paint, type Pen } from './pen'
import { sizeCanvas } from './Plot'
import { SvgPen } from './svgPen'

/** A chart that can be drawn anywhere. */
export interface Picture {
  draw(pen: Pen, width: number, height: number, paint: Paint): void
  legend: readonly LegendItem[]
  csv(): string
}

export function pictureOf(scene: Scene, hidden: ReadonlySet<string>, view: View): Picture {
  const shown = without(scene, hidden)
  return {
    draw: (pen, width, height, paint) =>
      drawScene(pen, layoutOf(shown, view, width, height), paint, { selected: new Set() }),
    legend: legendOf(shown),
    csv: () => sceneCsv(shown),
  }
}

const WIDTH = 900
const HEIGHT = 520
const HEAD = 56
const LINE = 20
const SMALL = `12px ${FONT}`

type Measure = (text: string, font: string) => number

interface Placed {
  item: LegendItem
  label: string
  x: number
  line: number
}

function ruler(): Measure {
  const context = document.createElement('canvas').getContext('2d')
  return (text, font) => {
    if (!context) return text.length * 6.5
    context.font = font
    return context.measureText(text).width
  }
}

export function svgOf(picture: Picture, title: string): string {
  const measure = ruler()
  const legend = placed(picture.legend, measure)
  const pen = new SvgPen(WIDTH, HEIGHT + more(legend), measure)
  drawPicture(pen, picture, title, legend)
  return pen.toString()
}

export function pngOf(picture: Picture, title: string): Promise<Blob | null> {
  const legend = placed(picture.legend, ruler())
  const canvas = document.createElement('canvas')
  sizeCanvas(canvas, WIDTH, HEIGHT + more(legend), 2)
  const pen = canvas.getContext('2d')!
  pen.scale(2, 2)
  drawPicture(pen, picture, title, legend)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

function drawPicture(pen: Pen, picture: Picture, title: string, legend: readonly Placed[]): void {
  const paint = paintOf(document.documentElement)
  pen.fillStyle = paint('--surface')
  pen.fillRect(0, 0, WIDTH, HEIGHT + more(legend))
  pen.fillStyle = paint('--text')
  pen.font = `600 15px ${FONT}`
  pen.textBaseline = 'middle'
  pen.fillText(shortened(title, 110), 14, 20)
  drawLegend(pen, legend, paint)
  pen.save()
  pen.translate(0, HEAD + more(legend))
  picture.draw(pen, WIDTH, HEIGHT - HEAD, paint)
  pen.restore()
}

/** The names in as many lines as they need. */
function placed(items: readonly LegendItem[], measure: Measure): Placed[] {
  let [x, line] = [16, 0]
  return items.map((item) => {
    const label = shortened(item.label, 40)
    const width = measure(label, SMALL)
    if (x > 16 && x + width > WIDTH - 20) [x, line] = [16, line + 1]
    const found = { item, label, x, line }
    x += width + 34
    return found
  })
}

/** How much higher than others a picture with this legend is. */
const more = (legend: readonly Placed[]) => LINE * (legend.at(-1)?.line ?? 0)

function drawLegend(pen: Pen, legend: readonly Placed[], paint: Paint): void {
  pen.font = SMALL
  for (const { item, label, x, line } of legend) {
    const y = 42 + LINE * line
    pen.beginPath()
    const { shape, dash } = item
    if (shape === 'line') for (const [at, length] of pieces(dash, 14)) pen.rect(x - 2 + at, y - 1, length, 2.5)
    else if (shape === 'whisker') pen.rect(x + 4, y - 6, 2, 12)
    else trace(pen, shape === 'bar' ? 'square' : shape, x + 5, y, 4.5)
    const isRect = shape === 'line' || shape === 'bar' || shape === 'whisker'
    paintShape(pen, isRect ? 'square' : shape, paint(item.ink))
    pen.fillStyle = paint('--text')
    pen.fillText(label, x + 16, y)
  }
}

/** Where the pieces of a broken line begin, and how long they are. */
function pieces(dash: readonly number[] | undefined, width: number): [number, number][] {
  if (!dash?.length) return [[0, width]]
  const found: [number, number][] = []
  for (let at = 0, i = 0; at < width; at += dash[i++ % dash.length]!) {
    if (i % 2 === 0) found.push([at, Math.min(dash[i % dash.length]!, width - at)])
  }
  return found
}
