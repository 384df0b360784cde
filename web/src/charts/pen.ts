import { rampColour } from '../logic/charts/palette'
import { shownTheme } from '../state/preferences'

/** What charts are drawn with: a canvas, or an SVG file. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'fillStyle' | 'strokeStyle' | 'lineWidth' | 'globalAlpha' | 'font' | 'textAlign' | 'textBaseline'
  | 'beginPath' | 'moveTo' | 'lineTo' | 'arc' | 'rect' | 'closePath' | 'fill' | 'stroke'
  | 'fillRect' | 'fillText' | 'save' | 'restore' | 'clip' | 'translate' | 'rotate' | 'setLineDash'
  | 'measureText' | 'lineJoin'
> // prettier-ignore

export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'

/** Turns the name of a CSS variable into its colour. */
export type Paint = (ink: string) => string

/** The colours of the page as they are now. */
export function paintOf(element: Element): Paint {
  const style = getComputedStyle(element)
  const dark = shownTheme.peek() === 'dark'
  const known = new Map<string, string>()
  const find = (ink: string) => {
    if (ink.startsWith('ramp:')) return rampColour(ink, dark)
    return ink.startsWith('--') ? style.getPropertyValue(ink).trim() || 'gray' : ink
  }
  return (ink) => {
    const colour = known.get(ink) ?? find(ink)
    known.set(ink, colour)
    return colour
  }
}
