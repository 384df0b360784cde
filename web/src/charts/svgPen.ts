import type { Pen } from './pen'

interface State {
  fillStyle: string
  strokeStyle: string
  lineWidth: number
  globalAlpha: number
  font: string
  textAlign: CanvasTextAlign
  textBaseline: CanvasTextBaseline
  lineJoin: CanvasLineJoin
  dash: readonly number[]
  matrix: string
  clip: string
}

const ANCHORS: Partial<Record<CanvasTextAlign, string>> = {
  center: 'middle',
  right: 'end',
  end: 'end',
}
const SHIFTS: Partial<Record<CanvasTextBaseline, string>> = {
  middle: '0.35em',
  top: '0.8em',
  bottom: '-0.2em',
}

/** A pen that writes SVG. */
export class SvgPen implements Pen {
  fillStyle = '#000'
  strokeStyle = '#000'
  lineWidth = 1
  globalAlpha = 1
  font = '12px sans-serif'
  textAlign: CanvasTextAlign = 'start'
  textBaseline: CanvasTextBaseline = 'alphabetic'
  lineJoin: CanvasLineJoin = 'miter'
  private dash: readonly number[] = []
  private matrix = ''
  private clipping = ''
  private path: string[] = []
  private readonly parts: string[] = []
  private readonly defs: string[] = []
  private readonly stack: State[] = []

  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly measure: (text: string, font: string) => number,
  ) {}

  toString(): string {
    const size = `width="${this.width}" height="${this.height}" viewBox="0 0 ${this.width} ${this.height}"`
    const defs = this.defs.length ? `<defs>${this.defs.join('')}</defs>` : ''
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${defs}${this.parts.join('\n')}</svg>\n`
  }

  beginPath(): void {
    this.path = []
  }

  moveTo(x: number, y: number): void {
    this.path.push(`M${n(x)} ${n(y)}`)
  }

  lineTo(x: number, y: number): void {
    this.path.push(`L${n(x)} ${n(y)}`)
  }

  /** Charts only draw whole circles. */
  arc(x: number, y: number, r: number): void {
    this.path.push(
      `M${n(x + r)} ${n(y)}a${n(r)} ${n(r)} 0 1 1 ${n(-2 * r)} 0a${n(r)} ${n(r)} 0 1 1 ${n(2 * r)} 0`,
    )
  }

  rect(x: number, y: number, w: number, h: number): void {
    this.path.push(`M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z`)
  }

  closePath(): void {
    this.path.push('z')
  }

  fill(): void {
    this.put(`<path d="${this.path.join('')}" fill="${escape(this.fillStyle)}"`)
  }

  stroke(): void {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(' ')}"` : ''
    this.put(
      `<path d="${this.path.join('')}" fill="none" stroke="${escape(this.strokeStyle)}" stroke-width="${n(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}`,
    )
  }

  fillRect(x: number, y: number, w: number, h: number): void {
    this.put(
      `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${escape(this.fillStyle)}"`,
    )
  }

  fillText(text: string, x: number, y: number): void {
    const anchor = ANCHORS[this.textAlign] ?? 'start'
    const shift = SHIFTS[this.textBaseline] ?? '0'
    const style = escape(`font:${this.font}`)
    this.put(
      `<text x="${n(x)}" y="${n(y)}" dy="${shift}" text-anchor="${anchor}" fill="${escape(this.fillStyle)}" style="${style}"`,
      escape(text),
    )
  }

  measureText(text: string): TextMetrics {
    return { width: this.measure(text, this.font) } as TextMetrics
  }

  setLineDash(dash: readonly number[]): void {
    this.dash = dash
  }

  translate(x: number, y: number): void {
    this.matrix += `translate(${n(x)} ${n(y)})`
  }

  rotate(angle: number): void {
    this.matrix += `rotate(${n((angle * 180) / Math.PI)})`
  }

  clip(): void {
    const id = `clip${this.defs.length}`
    this.defs.push(`<clipPath id="${id}"><path d="${this.path.join('')}"/></clipPath>`)
    this.clipping = id
  }

  save(): void {
    const {
      fillStyle,
      strokeStyle,
      lineWidth,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      lineJoin,
      dash,
      matrix,
    } = this
    this.stack.push({
      fillStyle,
      strokeStyle,
      lineWidth,
      globalAlpha,
      font,
      textAlign,
      textBaseline,
      lineJoin,
      dash,
      matrix,
      clip: this.clipping,
    })
  }

  restore(): void {
    const state = this.stack.pop()
    if (!state) return
    const { clip, ...rest } = state
    Object.assign(this, rest)
    this.clipping = clip
  }

  private put(start: string, content?: string): void {
    const alpha = this.globalAlpha < 1 ? ` opacity="${n(this.globalAlpha)}"` : ''
    const transform = this.matrix ? ` transform="${this.matrix}"` : ''
    const clip = this.clipping ? ` clip-path="url(#${this.clipping})"` : ''
    const end = content === undefined ? '/>' : `>${content}</text>`
    this.parts.push(`${start}${alpha}${transform}${clip}${end}`)
  }
}

const n = (value: number) => String(Math.round(value * 100) / 100)

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
