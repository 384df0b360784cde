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

export function svgOf(picture: Picture, title: string): string {
  const measure = document.createElement('canvas').getContext('2d')
  const pen = new SvgPen(WIDTH, HEIGHT, (text, font) => {
    if (!measure) return text.length * 6.5
    measure.font = font
    return measure.measureText(text).width
  })
  drawPicture(pen, picture, title)
  return pen.toString()
}

export function pngOf(picture: Picture, title: string): Promise<Blob | null> {
  const canvas = document.createElement('canvas')
  sizeCanvas(canvas, WIDTH, HEIGHT, 2)
  const pen = canvas.getContext('2d')!
  pen.scale(2, 2)
  drawPicture(pen, picture, title)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}

function drawPicture(pen: Pen, picture: Picture, title: string): void {
  const paint = paintOf(document.documentElement)
  pen.fillStyle = paint('--surface')
  pen.fillRect(0, 0, WIDTH, HEIGHT)
  pen.fillStyle = paint('--text')
  pen.font = `600 15px ${FONT}`
  pen.textBaseline = 'middle'
  pen.fillText(shortened(title, 110), 14, 20)
  drawLegend(pen, picture.legend, paint)
  pen.save()
  pen.translate(0, HEAD)
  picture.draw(pen, WIDTH, HEIGHT - HEAD, paint)
  pen.restore()
}

function drawLegend(pen: Pen, items: readonly LegendItem[], paint: Paint): void {
  pen.font = `12px ${FONT}`
  let x = 16
  for (const item of items) {
    const label = shortened(item.label, 40)
    const width = pen.measureText(label).width
    if (x + width > WIDTH - 20) return
    pen.beginPath()
    const { shape } = item
    if (shape === 'line') pen.rect(x - 2, 41, 14, 2.5)
    else if (shape === 'whisker') pen.rect(x + 4, 36, 2, 12)
    else trace(pen, shape === 'bar' ? 'square' : shape, x + 5, 42, 4.5)
    const isRect = shape === 'line' || shape === 'bar' || shape === 'whisker'
    paintShape(pen, isRect ? 'square' : shape, paint(item.ink))
    pen.fillStyle = paint('--text')
    pen.fillText(label, x + 16, 42)
    x += width + 34
  }
}
